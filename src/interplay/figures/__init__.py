"""One module per figure. Reads records only; no torch, no training.

Each module has two functions. `tidy(records) -> pandas.DataFrame` gives what the figure shows, one row an observation,
columns with plain names (`dataset`, `seed`, `step` among them where they apply) and units in its docstring; it is
written beside the figure as CSV. `draw(records) -> Figure` draws from that frame with seaborn; a figure that shows
bounds of claims, printed values or records of the reference takes them as second parameter, `beside`
(`interplay.figures.beside.Beside`).
"""
