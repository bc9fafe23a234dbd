"""The windows. One `document.Document` holds the project; widgets show its value and send the next one with `Document.do`.

document ◀── window ──▶ viewer, transport, timeline, bin, takes, inspector, queue, dialogs
   ▲                      │
   └── runs, retouching ──┴──▶ pictures (decoded frames), bridge (the daemon)
"""
