"""The same results by compiled code: the loops of reading text, in C, where a compiler was at hand.

Every function here gives what a function of another room computes with numpy, which says what it means and runs
where nothing was compiled. The C works in arrays of its callers alone, and needs no header but the standard ones.

May import: errors.
"""
