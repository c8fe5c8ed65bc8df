"""Hashes of words: 64-bit integers whose high and low bits depend on all of a word's letters."""

from __future__ import annotations

MASK = 0xFFFFFFFFFFFFFFFF
STEP = 0x9E3779B97F4A7C15
PAIR = 0xD6E8FEB86659FD93
TRIPLE = 0xCA5A826395121157
FIRST_FACTOR = 0xBF58476D1CE4E5B9
SECOND_FACTOR = 0x94D049BB133111EB
HASHED_BYTES = 64  # of a longer word what lies between these and the last eight is not looked at


def mix(value):
    """Scramble a 64-bit integer, one to one."""
    value = value * FIRST_FACTOR & MASK
    value ^= value >> 32
    return value * SECOND_FACTOR & MASK


def pair_of(first, second):
    return mix(first * PAIR + second & MASK)


def triple_of(first, second, third):
    return mix((first * PAIR + second & MASK) * TRIPLE + third & MASK)


def units_of(units, start, end, bits):
    """The units from a place up to another as one integer, each of so many bits, the first the lowest."""
    value, shift = units[start], bits
    for i in range(start + 1, end):
        value |= as_hash(units[i]) << shift
        shift += bits
    return value


def as_hash(unit):
    """A unit as a 64-bit integer."""
    return unit


def hash_units(units, start, end, bits):
    """Hash a word of units of 8 or 16 bits, eight bytes at a time: the first, the last, then those between."""
    most, length = 64 // bits, end - start
    value = mix(units_of(units, start, end if length < most else start + most, bits))
    if length <= most:
        return value
    value = mix(value * STEP + units_of(units, end - most, end, bits) + length & MASK)
    first, stop = start + most, min(start + HASHED_BYTES * 8 // bits - most, end - most)
    while first < stop:
        value = mix(value * STEP + units_of(units, first, first + most, bits) & MASK)
        first += most
    return value
