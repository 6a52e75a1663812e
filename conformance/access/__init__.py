"""`lockproof access`: the reference authority as its people use it, at a desk and at a box.

`command` is what is typed; `desk` does it; `asking` asks for what is missing; `times` reads and tells times; `at_a_box` stands at one.
"""
