"""The known n-grams, each with a number, looked up one at a time.

An n-gram is known by 50 bits of its hash, so a text in an unknown language finds nothing instead of something else.
"""

from __future__ import annotations

import numpy as np

MAX_PROBES = 256  # places behind its own at which a hash may stand
LOW_HALF = 0xFFFFFFFF


class TermIndex:
    """A table of distinct hashes, the number of each being its place, by open addressing with linear probing.

    An entry holds the low half of the hash, to be compared, and the term's number plus one: with the slot that is 32
    bits and more of the hash checked.
    """

    def __init__(self, hashes):
        bits = max(4, int(len(hashes) * 6).bit_length())
        self.hashes, self.n_terms, self.shift = hashes, len(hashes), 64 - bits
        table = np.zeros((1 << bits) + MAX_PROBES + 1, dtype=np.uint64)
        slot = (hashes >> np.uint64(self.shift)).view(np.int64)
        entry = (hashes << np.uint64(32)) | np.arange(1, len(hashes) + 1, dtype=np.uint64)
        waiting, rounds = np.arange(len(hashes)), 0
        while len(waiting):
            free = table[slot[waiting]] == 0
            table[slot[waiting[free]]] = entry[waiting[free]]
            waiting = waiting[table[slot[waiting]] != entry[waiting]]
            slot[waiting] += 1
            rounds += 1
            if rounds == MAX_PROBES:  # far beyond chance: made so, to take time
                raise ValueError("Too many hashes of a vocabulary begin alike: train the model again.")
        self.table = memoryview(table)
        # Most hashes that are not known are found out by few bits, which stay in the cache.
        self.taken = memoryview(np.packbits(table > 0, bitorder="little"))

    def __len__(self):
        return self.n_terms

    def __reduce__(self):
        return TermIndex, (self.hashes,)

    def may_be_known(self, value):
        """Whether a hash may be known."""
        slot = value >> self.shift
        return (self.taken[slot >> 3] >> (slot & 7)) & 1

    def number_of(self, value):
        """Number of a hash, -1 if it is not known."""
        if not self.may_be_known(value):
            return -1
        slot, low = value >> self.shift, value & LOW_HALF
        while self.table[slot]:
            if self.table[slot] >> 32 == low:
                return (self.table[slot] & LOW_HALF) - 1
            slot += 1
        return -1

    def find(self, hashes):
        """Look hashes up: which of them are known, and the number of each of those."""
        hashes = memoryview(np.ascontiguousarray(hashes))
        places, numbers = np.empty(len(hashes) + 1, np.int32), np.empty(len(hashes) + 1, np.int32)
        n = self.find_into(hashes, len(hashes), memoryview(places), memoryview(numbers))
        return places[:n].astype(np.int64), numbers[:n].astype(np.int64)

    def find_into(self, hashes, n_hashes, places, numbers):
        """Look the first of some hashes up, and say how many are known; there is room for one more than these."""
        # What is known cannot be foretold: each is put down, and stays if the next does not replace it.
        n = n_known = 0
        for i in range(n_hashes):
            places[n] = i
            n += self.may_be_known(hashes[i])
        for i in range(n):
            places[n_known], numbers[n_known] = places[i], self.number_of(hashes[places[i]])
            n_known += numbers[n_known] >= 0
        return n_known
