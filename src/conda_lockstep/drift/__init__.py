"""Drift: the differences between two package sets, graded, attributed and reported.

The path of ``lockstep diff OLD NEW``: ``compare/operands`` reads both sides, ``compare/compare`` pairs their platforms,
``compare/diff`` finds the differences, ``severity/grading`` grades them by the table in ``severity/layers``,
``compare/rows`` turns them into the rows of a ``report``, and ``render/drift`` shows that. Two environment files go
through ``requested/spec_diff`` instead. ``attribution`` adds the causes, ``compare/chains`` the chains.
"""
