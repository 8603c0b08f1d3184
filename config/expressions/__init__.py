"""The language of conditions: `line.category == "coffee" and total >= 500 and tier in ["gold"]`.

A text is split into words and read into a tree (syntax), every name and operation is given a kind and checked, and
the tree becomes closures (typed). The names are those of one event type, of the member and of the local clock (names);
at work a closure reads them from a `Scene`. Nothing is ever evaluated as Python, there is no call, no assignment and
no loop, and what a text may cost is bounded by its length, depth and number of parts.
"""
