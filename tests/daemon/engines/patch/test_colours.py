from __future__ import annotations

import numpy as np
from keyfollow_daemon.engines.patch.belonging import NOTHING
from keyfollow_daemon.engines.patch.colour_table import ColourTables
from keyfollow_daemon.engines.patch.colours import told


def test_unsure_pixels_are_told_by_their_objects_table_and_allowed_the_more_for_it() -> None:
    source = np.full((40, 40, 3), (200.0, 60.0, 40.0), np.float32)
    edit = np.full_like(source, (-100.0, 50.0, 0.0))
    tables = ColourTables(source, edit, [np.ones((40, 40), np.bool_)])
    labels, where = np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.bool_)
    labels[:, 20:], where[:20] = NOTHING, True
    allowed = np.full((40, 40), -1.5, np.float32)
    alike = np.ones_like(allowed)
    alike[:, 10:] = -4.0
    suggested, belief = told(tables.cells, labels, where, source, allowed, alike)
    assert np.abs(suggested[:20, :20] - edit[:20, :20]).max() < 1.0 and belief[:20, :20].min() > 0.9
    assert not suggested[20:].any() and not suggested[:, 20:].any() and not belief[20:].any() and not belief[:, 20:].any()
    # where it moves like nothing else, an unambiguous colour still has its say
    assert allowed[:20, :20].min() > 0.2 and not allowed[20:].any() and not allowed[:, 20:].any()
