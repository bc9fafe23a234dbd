<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <context>
  <name>Keyfollow</name>
  <message>
   <source>File</source>
   <translation>Datei</translation>
  </message>
  <message>
   <source>Edit</source>
   <translation>Bearbeiten</translation>
  </message>
  <message>
   <source>Keyframe</source>
   <translation>Keyframe</translation>
  </message>
  <message>
   <source>Play</source>
   <translation>Abspielen</translation>
  </message>
  <message>
   <source>View</source>
   <translation>Ansicht</translation>
  </message>
  <message>
   <source>Help</source>
   <translation>Hilfe</translation>
  </message>
  <message>
   <source>New project</source>
   <translation>Neues Projekt</translation>
  </message>
  <message>
   <source>Open project…</source>
   <translation>Projekt öffnen…</translation>
  </message>
  <message>
   <source>Open example</source>
   <translation>Beispiel öffnen</translation>
  </message>
  <message>
   <source>Open archive…</source>
   <translation>Archiv öffnen…</translation>
  </message>
  <message>
   <source>Import clips…</source>
   <translation>Clips importieren…</translation>
  </message>
  <message>
   <source>Import timeline (OTIO, EDL, XML)…</source>
   <translation>Timeline importieren (OTIO, EDL, XML)…</translation>
  </message>
  <message>
   <source>Save</source>
   <translation>Speichern</translation>
  </message>
  <message>
   <source>Save as…</source>
   <translation>Speichern unter…</translation>
  </message>
  <message>
   <source>Export…</source>
   <translation>Exportieren…</translation>
  </message>
  <message>
   <source>Export timeline (OTIO, EDL, XML)…</source>
   <translation>Timeline exportieren (OTIO, EDL, XML)…</translation>
  </message>
  <message>
   <source>Export project as an archive…</source>
   <translation>Projekt als Archiv exportieren…</translation>
  </message>
  <message>
   <source>Send to DaVinci Resolve…</source>
   <translation>An DaVinci Resolve senden…</translation>
  </message>
  <message>
   <source>Send to Premiere Pro…</source>
   <translation>An Premiere Pro senden…</translation>
  </message>
  <message>
   <source>Send to Blender…</source>
   <translation>An Blender senden…</translation>
  </message>
  <message>
   <source>Models…</source>
   <translation>Modelle…</translation>
  </message>
  <message>
   <source>Preferences…</source>
   <translation>Einstellungen…</translation>
  </message>
  <message>
   <source>Quit</source>
   <translation>Beenden</translation>
  </message>
  <message>
   <source>Undo</source>
   <translation>Rückgängig</translation>
  </message>
  <message>
   <source>Redo</source>
   <translation>Wiederholen</translation>
  </message>
  <message>
   <source>Split at playhead</source>
   <translation>Am Abspielkopf teilen</translation>
  </message>
  <message>
   <source>Dissolve from the clip before…</source>
   <translation>Aus dem Clip davor überblenden…</translation>
  </message>
  <message>
   <source>Remove clip</source>
   <translation>Clip entfernen</translation>
  </message>
  <message>
   <source>Remove clip and close the gap</source>
   <translation>Clip entfernen und Lücke schließen</translation>
  </message>
  <message>
   <source>Add or remove marker</source>
   <translation>Marke setzen oder entfernen</translation>
  </message>
  <message>
   <source>Add video track</source>
   <translation>Videospur hinzufügen</translation>
  </message>
  <message>
   <source>Remove empty tracks</source>
   <translation>Leere Spuren entfernen</translation>
  </message>
  <message>
   <source>Set in</source>
   <translation>In-Punkt setzen</translation>
  </message>
  <message>
   <source>Set out</source>
   <translation>Out-Punkt setzen</translation>
  </message>
  <message>
   <source>Begin a shot here, or join it to the one before</source>
   <translation>Hier eine Einstellung beginnen oder mit der vorigen verbinden</translation>
  </message>
  <message>
   <source>Clear in and out</source>
   <translation>In- und Out-Punkt löschen</translation>
  </message>
  <message>
   <source>Edit this frame</source>
   <translation>Dieses Bild bearbeiten</translation>
  </message>
  <message>
   <source>Paint this frame here</source>
   <translation>Dieses Bild hier malen</translation>
  </message>
  <message>
   <source>Fix this frame only</source>
   <translation>Nur dieses Bild ausbessern</translation>
  </message>
  <message>
   <source>Use a picture for this frame…</source>
   <translation>Ein Bild für dieses Einzelbild verwenden…</translation>
  </message>
  <message>
   <source>Remove this frame's edit</source>
   <translation>Bearbeitung dieses Bildes entfernen</translation>
  </message>
  <message>
   <source>Remove this frame's fix</source>
   <translation>Ausbesserung dieses Bildes entfernen</translation>
  </message>
  <message>
   <source>Copy look to this shot</source>
   <translation>Aussehen in diese Einstellung kopieren</translation>
  </message>
  <message>
   <source>Draft</source>
   <translation>Entwurf</translation>
  </message>
  <message>
   <source>Draft after every save</source>
   <translation>Entwurf nach jedem Speichern</translation>
  </message>
  <message>
   <source>Final</source>
   <translation>Endfassung</translation>
  </message>
  <message>
   <source>Finals of all edited shots (overnight)</source>
   <translation>Endfassungen aller bearbeiteten Einstellungen (über Nacht)</translation>
  </message>
  <message>
   <source>Pause jobs while I edit</source>
   <translation>Aufträge anhalten, während ich bearbeite</translation>
  </message>
  <message>
   <source>Extend take over the whole clip</source>
   <translation>Take auf den ganzen Clip ausdehnen</translation>
  </message>
  <message>
   <source>Next suggested keyframe</source>
   <translation>Nächstes vorgeschlagenes Keyframe</translation>
  </message>
  <message>
   <source>Play or pause</source>
   <translation>Abspielen oder anhalten</translation>
  </message>
  <message>
   <source>Shuttle back</source>
   <translation>Rückwärts spulen</translation>
  </message>
  <message>
   <source>Stop</source>
   <translation>Anhalten</translation>
  </message>
  <message>
   <source>Shuttle forward</source>
   <translation>Vorwärts spulen</translation>
  </message>
  <message>
   <source>Previous frame</source>
   <translation>Voriges Bild</translation>
  </message>
  <message>
   <source>Next frame</source>
   <translation>Nächstes Bild</translation>
  </message>
  <message>
   <source>Previous edit or keyframe</source>
   <translation>Voriger Schnitt oder voriges Keyframe</translation>
  </message>
  <message>
   <source>Next edit or keyframe</source>
   <translation>Nächster Schnitt oder nächstes Keyframe</translation>
  </message>
  <message>
   <source>Start</source>
   <translation>Anfang</translation>
  </message>
  <message>
   <source>End</source>
   <translation>Ende</translation>
  </message>
  <message>
   <source>Loop in to out</source>
   <translation>Zwischen In und Out wiederholen</translation>
  </message>
  <message>
   <source>Stop playback or the draft in view</source>
   <translation>Wiedergabe oder den gezeigten Entwurf anhalten</translation>
  </message>
  <message>
   <source>Wipe between source and take</source>
   <translation>Blende zwischen Quelle und Take</translation>
  </message>
  <message>
   <source>Onion skin of the neighbouring keyframes</source>
   <translation>Zwiebelschalen der Nachbar-Keyframes</translation>
  </message>
  <message>
   <source>What the edit changes</source>
   <translation>Was die Bearbeitung ändert</translation>
  </message>
  <message>
   <source>Safe areas</source>
   <translation>Sichere Bereiche</translation>
  </message>
  <message>
   <source>Zoom picture in</source>
   <translation>Bild vergrößern</translation>
  </message>
  <message>
   <source>Zoom picture out</source>
   <translation>Bild verkleinern</translation>
  </message>
  <message>
   <source>Fit picture</source>
   <translation>Bild einpassen</translation>
  </message>
  <message>
   <source>Zoom timeline out</source>
   <translation>Timeline verkleinern</translation>
  </message>
  <message>
   <source>Zoom timeline in</source>
   <translation>Timeline vergrößern</translation>
  </message>
  <message>
   <source>Fit timeline</source>
   <translation>Timeline einpassen</translation>
  </message>
  <message>
   <source>Timeline as a table</source>
   <translation>Timeline als Tabelle</translation>
  </message>
  <message>
   <source>Queue</source>
   <translation>Warteschlange</translation>
  </message>
  <message>
   <source>Full screen</source>
   <translation>Vollbild</translation>
  </message>
  <message>
   <source>Keyboard shortcuts</source>
   <translation>Tastenkürzel</translation>
  </message>
  <message>
   <source>Show the source while held</source>
   <translation>Quelle zeigen, solange gehalten</translation>
  </message>
  <message>
   <source>Clips in the bin</source>
   <translation>Clips im Clipfenster</translation>
  </message>
  <message>
   <source>No clips yet.
Drop files here, or import them.</source>
   <translation>Noch keine Clips.
Dateien hier ablegen oder importieren.</translation>
  </message>
  <message>
   <source>Import…</source>
   <translation>Importieren…</translation>
  </message>
  <message>
   <source>Missing: right-click to relink</source>
   <translation>Fehlt: zum Neuverknüpfen rechts klicken</translation>
  </message>
  <message>
   <source>Add to timeline</source>
   <translation>Zur Timeline hinzufügen</translation>
  </message>
  <message>
   <source>Relink…</source>
   <translation>Neu verknüpfen…</translation>
  </message>
  <message>
   <source>Reel name…</source>
   <translation>Rollenname…</translation>
  </message>
  <message>
   <source>Remove from project</source>
   <translation>Aus dem Projekt entfernen</translation>
  </message>
  <message>
   <source>Keyfollow ended while frame {0} was being painted. What was painted is its edit now.</source>
   <translation>Keyfollow endete, während Bild {0} gemalt wurde. Was gemalt war, ist jetzt seine Bearbeitung.</translation>
  </message>
  <message>
   <source>The daemon starts anew with what you chose. What is in the old storage folder stays there.</source>
   <translation>Der Daemon startet neu mit dem, was du gewählt hast. Was im alten Speicherordner liegt, bleibt dort.</translation>
  </message>
  <message>
   <source>What you chose counts from the daemon's next start: jobs are still running.</source>
   <translation>Was du gewählt hast, gilt ab dem nächsten Start des Daemons: Es laufen noch Aufträge.</translation>
  </message>
  <message>
   <source>Import clips</source>
   <translation>Clips importieren</translation>
  </message>
  <message>
   <source>Add clip</source>
   <translation>Clip hinzufügen</translation>
  </message>
  <message>
   <source>Reel name</source>
   <translation>Rollenname</translation>
  </message>
  <message>
   <source>Split clip</source>
   <translation>Clip teilen</translation>
  </message>
  <message>
   <source>Dissolve</source>
   <translation>Überblenden</translation>
  </message>
  <message>
   <source>Edit the picture and save it; it comes back by itself.</source>
   <translation>Bild bearbeiten und speichern; es kommt von selbst zurück.</translation>
  </message>
  <message>
   <source>A picture of this frame, edited</source>
   <translation>Ein bearbeitetes Bild dieses Einzelbilds</translation>
  </message>
  <message>
   <source>Start it</source>
   <translation>Starten</translation>
  </message>
  <message>
   <source>Choose editor…</source>
   <translation>Editor wählen…</translation>
  </message>
  <message>
   <source>Edit that frame again</source>
   <translation>Jenes Bild noch einmal bearbeiten</translation>
  </message>
  <message>
   <source>Start again</source>
   <translation>Neu starten</translation>
  </message>
  <message>
   <source>Show the folder</source>
   <translation>Ordner zeigen</translation>
  </message>
  <message>
   <source>Show the queue</source>
   <translation>Warteschlange zeigen</translation>
  </message>
  <message>
   <source>Name the reel</source>
   <translation>Rolle benennen</translation>
  </message>
  <message>
   <source>Remove marker</source>
   <translation>Marke entfernen</translation>
  </message>
  <message>
   <source>Add marker</source>
   <translation>Marke setzen</translation>
  </message>
  <message>
   <source>Remove edit keyframe</source>
   <translation>Edit-Keyframe entfernen</translation>
  </message>
  <message>
   <source>This frame has no fix of its own.</source>
   <translation>Dieses Bild hat keine eigene Ausbesserung.</translation>
  </message>
  <message>
   <source>{0} finals are queued. Closing the window does not stop them.</source>
   <translation>{0} Endfassungen warten. Das Fenster zu schließen hält sie nicht auf.</translation>
  </message>
  <message>
   <source>Every edited shot has a final that is up to date.</source>
   <translation>Jede bearbeitete Einstellung hat eine aktuelle Endfassung.</translation>
  </message>
  <message>
   <source>{0} frames made.</source>
   <translation>{0} Bilder gemacht.</translation>
  </message>
  <message>
   <source>Press N for the frame most worth painting next.</source>
   <translation>N führt zum Bild, das als Nächstes am meisten lohnt.</translation>
  </message>
  <message>
   <source>No frame stands out: the take looks even.</source>
   <translation>Kein Bild sticht heraus: der Take wirkt gleichmäßig.</translation>
  </message>
  <message>
   <source>Media</source>
   <translation>Medien</translation>
  </message>
  <message>
   <source>All files</source>
   <translation>Alle Dateien</translation>
  </message>
  <message>
   <source>Reel of {0}, as timelines for other editors shall say</source>
   <translation>Rolle von {0}, wie sie in Timelines für andere Schnittprogramme heißen soll</translation>
  </message>
  <message>
   <source>Frames over which {0} comes out of the clip before it; 0 is a cut:</source>
   <translation>Bilder, über die {0} aus dem Clip davor hervorgeht; 0 ist ein Schnitt:</translation>
  </message>
  <message>
   <source>the clip</source>
   <translation>der Clip</translation>
  </message>
  <message>
   <source>Frame {0} is edited. Press Enter for a draft.</source>
   <translation>Bild {0} ist bearbeitet. Die Eingabetaste macht einen Entwurf.</translation>
  </message>
  <message>
   <source>Pictures</source>
   <translation>Bilder</translation>
  </message>
  <message>
   <source>This final will take about {0}.</source>
   <translation>Diese Endfassung dauert etwa {0}.</translation>
  </message>
  <message>
   <source>Looking at {0}…</source>
   <translation>{0} wird angesehen…</translation>
  </message>
  <message>
   <source>Import {0}</source>
   <translation>{0} importieren</translation>
  </message>
  <message>
   <source>The suggested frame {0} is trimmed away.</source>
   <translation>Das vorgeschlagene Bild {0} ist weggeschnitten.</translation>
  </message>
  <message>
   <source>Import timeline</source>
   <translation>Timeline importieren</translation>
  </message>
  <message>
   <source>Recover unsaved work</source>
   <translation>Nicht gespeicherte Arbeit wiederherstellen</translation>
  </message>
  <message>
   <source>Changes while saving</source>
   <translation>Änderungen während des Speicherns</translation>
  </message>
  <message>
   <source>This archive cannot be used.</source>
   <translation>Dieses Archiv ist nicht zu gebrauchen.</translation>
  </message>
  <message>
   <source>Export it again where it came from.</source>
   <translation>Dort neu exportieren, wo es herkommt.</translation>
  </message>
  <message>
   <source>This look-up table cannot be used.</source>
   <translation>Diese Look-up-Tabelle ist nicht zu gebrauchen.</translation>
  </message>
  <message>
   <source>Choose another view.</source>
   <translation>Eine andere Ansicht wählen.</translation>
  </message>
  <message>
   <source>A setting has a value that is not possible.</source>
   <translation>Eine Einstellung hat einen unmöglichen Wert.</translation>
  </message>
  <message>
   <source>Change it in the inspector.</source>
   <translation>Im Inspektor ändern.</translation>
  </message>
  <message>
   <source>A clip cannot lie before the start.</source>
   <translation>Ein Clip kann nicht vor dem Anfang liegen.</translation>
  </message>
  <message>
   <source>Move it less far to the left.</source>
   <translation>Weniger weit nach links schieben.</translation>
  </message>
  <message>
   <source>This timeline cannot be written in that form.</source>
   <translation>Diese Timeline lässt sich so nicht schreiben.</translation>
  </message>
  <message>
   <source>Write it as .otio, which holds everything.</source>
   <translation>Als .otio schreiben: das fasst alles.</translation>
  </message>
  <message>
   <source>This file cannot be read as a timeline.</source>
   <translation>Diese Datei ist nicht als Timeline zu lesen.</translation>
  </message>
  <message>
   <source>Export it again, as .otio if possible.</source>
   <translation>Neu exportieren, möglichst als .otio.</translation>
  </message>
  <message>
   <source>A file cannot be read.</source>
   <translation>Eine Datei ist nicht zu lesen.</translation>
  </message>
  <message>
   <source>Check it, then try again.</source>
   <translation>Prüfen, dann noch einmal versuchen.</translation>
  </message>
  <message>
   <source>A file or folder cannot be written.</source>
   <translation>Eine Datei oder ein Ordner lässt sich nicht schreiben.</translation>
  </message>
  <message>
   <source>Choose another place, or free this one.</source>
   <translation>Einen anderen Ort wählen oder diesen freigeben.</translation>
  </message>
  <message>
   <source>The connection to the daemon is closed.</source>
   <translation>Die Verbindung zum Daemon ist beendet.</translation>
  </message>
  <message>
   <source>Start it again.</source>
   <translation>Neu starten.</translation>
  </message>
  <message>
   <source>A stored frame is damaged.</source>
   <translation>Ein gespeichertes Bild ist beschädigt.</translation>
  </message>
  <message>
   <source>Run it again: damaged frames are made anew.</source>
   <translation>Noch einmal laufen lassen: Beschädigte Bilder werden neu gemacht.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon ended as it started.</source>
   <translation>Keyfollows Daemon hat sich beim Start beendet.</translation>
  </message>
  <message>
   <source>`keyfollow doctor` says what is wrong.</source>
   <translation>`keyfollow doctor` sagt, was fehlt.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon ends again and again.</source>
   <translation>Keyfollows Daemon beendet sich immer wieder.</translation>
  </message>
  <message>
   <source>Submitted jobs are kept. `keyfollow doctor` says more.</source>
   <translation>Erteilte Aufträge bleiben erhalten. `keyfollow doctor` sagt mehr.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon is not installed.</source>
   <translation>Keyfollows Daemon ist nicht installiert.</translation>
  </message>
  <message>
   <source>Install Keyfollow again.</source>
   <translation>Keyfollow neu installieren.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon takes too long to start.</source>
   <translation>Keyfollows Daemon braucht zu lange zum Starten.</translation>
  </message>
  <message>
   <source>Try again.</source>
   <translation>Noch einmal versuchen.</translation>
  </message>
  <message>
   <source>There is not enough room on the disk.</source>
   <translation>Auf dem Datenträger ist zu wenig Platz.</translation>
  </message>
  <message>
   <source>Free some space, then try again: it goes on where it stopped.</source>
   <translation>Platz schaffen, dann noch einmal versuchen: Es geht dort weiter, wo es aufgehört hat.</translation>
  </message>
  <message>
   <source>The image editor cannot be started.</source>
   <translation>Der Bildeditor lässt sich nicht starten.</translation>
  </message>
  <message>
   <source>Choose another image editor.</source>
   <translation>Einen anderen Bildeditor wählen.</translation>
  </message>
  <message>
   <source>Nothing of this clip is left to run.</source>
   <translation>Von diesem Clip bleibt nichts übrig.</translation>
  </message>
  <message>
   <source>Move in or out, or the playhead.</source>
   <translation>In oder Out versetzen, oder den Abspielkopf.</translation>
  </message>
  <message>
   <source>There is nothing on the timeline.</source>
   <translation>Auf der Timeline ist nichts.</translation>
  </message>
  <message>
   <source>Put a clip on it first.</source>
   <translation>Zuerst einen Clip daraufsetzen.</translation>
  </message>
  <message>
   <source>The engine failed.</source>
   <translation>Das Verfahren ist gescheitert.</translation>
  </message>
  <message>
   <source>Try it again; the log folder says more.</source>
   <translation>Noch einmal versuchen; im Protokollordner steht mehr.</translation>
  </message>
  <message>
   <source>This engine cannot run here yet.</source>
   <translation>Dieses Verfahren kann hier noch nicht laufen.</translation>
  </message>
  <message>
   <source>Its tooltip says what is missing.</source>
   <translation>Sein Hinweistext sagt, was fehlt.</translation>
  </message>
  <message>
   <source>The file is larger than 2 GiB.</source>
   <translation>Die Datei ist größer als 2 GiB.</translation>
  </message>
  <message>
   <source>Save it with fewer layers.</source>
   <translation>Mit weniger Ebenen speichern.</translation>
  </message>
  <message>
   <source>A source is not where it was.</source>
   <translation>Eine Quelle ist nicht mehr, wo sie war.</translation>
  </message>
  <message>
   <source>Relink it, or export without footage.</source>
   <translation>Neu verknüpfen oder ohne Material exportieren.</translation>
  </message>
  <message>
   <source>A frame of the take cannot be read.</source>
   <translation>Ein Bild des Takes ist nicht zu lesen.</translation>
  </message>
  <message>
   <source>The source has no such frame.</source>
   <translation>Dieses Bild hat die Quelle nicht.</translation>
  </message>
  <message>
   <source>Choose one that it has.</source>
   <translation>Eines wählen, das sie hat.</translation>
  </message>
  <message>
   <source>The layered file holds no picture of its layers.</source>
   <translation>Die Datei enthält kein Bild ihrer Ebenen.</translation>
  </message>
  <message>
   <source>Save it again, or export a PNG and use that.</source>
   <translation>Neu speichern, oder ein PNG exportieren und das nehmen.</translation>
  </message>
  <message>
   <source>The mask is not as long as the clip.</source>
   <translation>Die Maske ist nicht so lang wie der Clip.</translation>
  </message>
  <message>
   <source>Render it for every frame of the clip.</source>
   <translation>Für jedes Bild des Clips rendern.</translation>
  </message>
  <message>
   <source>The file is empty.</source>
   <translation>Die Datei ist leer.</translation>
  </message>
  <message>
   <source>Copy or export it again.</source>
   <translation>Neu kopieren oder exportieren.</translation>
  </message>
  <message>
   <source>The numbered images have a gap.</source>
   <translation>Die nummerierten Bilder haben eine Lücke.</translation>
  </message>
  <message>
   <source>Restore or render the missing file.</source>
   <translation>Die fehlende Datei zurückholen oder rendern.</translation>
  </message>
  <message>
   <source>The file holds no sound.</source>
   <translation>Die Datei enthält keinen Ton.</translation>
  </message>
  <message>
   <source>Choose one with sound.</source>
   <translation>Eine mit Ton wählen.</translation>
  </message>
  <message>
   <source>The file holds no picture.</source>
   <translation>Die Datei enthält kein Bild.</translation>
  </message>
  <message>
   <source>Choose a video or an image.</source>
   <translation>Ein Video oder ein Bild wählen.</translation>
  </message>
  <message>
   <source>The file is not there.</source>
   <translation>Die Datei ist nicht da.</translation>
  </message>
  <message>
   <source>Point to where it is now.</source>
   <translation>Zeigen, wo sie jetzt liegt.</translation>
  </message>
  <message>
   <source>You may not read this file.</source>
   <translation>Diese Datei darfst du nicht lesen.</translation>
  </message>
  <message>
   <source>Change its permissions, or copy it.</source>
   <translation>Ihre Rechte ändern oder sie kopieren.</translation>
  </message>
  <message>
   <source>This is not an ordinary file.</source>
   <translation>Das ist keine gewöhnliche Datei.</translation>
  </message>
  <message>
   <source>Choose a video, an image or a folder of numbered images.</source>
   <translation>Ein Video, ein Bild oder einen Ordner nummerierter Bilder wählen.</translation>
  </message>
  <message>
   <source>The file broke its reader, and nothing else.</source>
   <translation>Die Datei hat ihren Leser zum Absturz gebracht, sonst nichts.</translation>
  </message>
  <message>
   <source>It is damaged: copy or export it again.</source>
   <translation>Sie ist beschädigt: neu kopieren oder exportieren.</translation>
  </message>
  <message>
   <source>Its pictures are not all of one size and kind.</source>
   <translation>Ihre Bilder sind nicht alle von einer Größe und Art.</translation>
  </message>
  <message>
   <source>Export it with one size throughout.</source>
   <translation>Durchgehend in einer Größe exportieren.</translation>
  </message>
  <message>
   <source>Reading the file made no progress.</source>
   <translation>Das Lesen der Datei kam nicht voran.</translation>
  </message>
  <message>
   <source>Try again; if that does not help, export it again.</source>
   <translation>Noch einmal versuchen; hilft das nicht, neu exportieren.</translation>
  </message>
  <message>
   <source>The file is larger than Keyfollow takes.</source>
   <translation>Die Datei ist größer, als Keyfollow sie nimmt.</translation>
  </message>
  <message>
   <source>Scale it to at most 64 megapixels a frame.</source>
   <translation>Auf höchstens 64 Megapixel je Bild verkleinern.</translation>
  </message>
  <message>
   <source>The file ends early, or frames in it are damaged.</source>
   <translation>Die Datei endet zu früh, oder Bilder darin sind beschädigt.</translation>
  </message>
  <message>
   <source>The file cannot be read as a picture, a video or sound.</source>
   <translation>Die Datei ist weder als Bild noch als Video oder Ton zu lesen.</translation>
  </message>
  <message>
   <source>Convert or export it again.</source>
   <translation>Umwandeln oder neu exportieren.</translation>
  </message>
  <message>
   <source>The file is stored in a way that Keyfollow does not open.</source>
   <translation>Die Datei ist so gespeichert, dass Keyfollow sie nicht öffnet.</translation>
  </message>
  <message>
   <source>Convert it, for example to H.264.</source>
   <translation>Umwandeln, zum Beispiel in H.264.</translation>
  </message>
  <message>
   <source>This clip is in the bin already.</source>
   <translation>Dieser Clip ist schon da.</translation>
  </message>
  <message>
   <source>Drag it from there to the timeline.</source>
   <translation>Aus der Liste der Clips auf die Timeline ziehen.</translation>
  </message>
  <message>
   <source>A clip runs at another rate than the timeline.</source>
   <translation>Ein Clip hat eine andere Bildrate als die Timeline.</translation>
  </message>
  <message>
   <source>Export the whole timeline as one file instead.</source>
   <translation>Stattdessen die ganze Timeline als eine Datei exportieren.</translation>
  </message>
  <message>
   <source>A model that this engine needs is not here.</source>
   <translation>Ein Modell, das dieses Verfahren braucht, fehlt.</translation>
  </message>
  <message>
   <source>Get it in File ▸ Models.</source>
   <translation>Unter Datei ▸ Modelle holen.</translation>
  </message>
  <message>
   <source>The list of models could not be read.</source>
   <translation>Die Liste der Modelle war nicht zu lesen.</translation>
  </message>
  <message>
   <source>Try again; `keyfollow doctor` says more.</source>
   <translation>Noch einmal versuchen; `keyfollow doctor` sagt mehr.</translation>
  </message>
  <message>
   <source>There is no clip under the playhead.</source>
   <translation>Unter dem Abspielkopf ist kein Clip.</translation>
  </message>
  <message>
   <source>Move the playhead onto a clip.</source>
   <translation>Den Abspielkopf auf einen Clip setzen.</translation>
  </message>
  <message>
   <source>The PSD was saved without the picture of its layers.</source>
   <translation>Die PSD-Datei wurde ohne das Bild ihrer Ebenen gespeichert.</translation>
  </message>
  <message>
   <source>Turn on Maximize PSD File Compatibility in Photoshop, then save again.</source>
   <translation>In Photoshop die Kompatibilität von PSD-Dateien maximieren, dann neu speichern.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon does not run.</source>
   <translation>Keyfollows Daemon läuft nicht.</translation>
  </message>
  <message>
   <source>There is neither an edited frame nor a prompt.</source>
   <translation>Es gibt weder ein bearbeitetes Bild noch einen Prompt.</translation>
  </message>
  <message>
   <source>Press E to edit the frame under the playhead.</source>
   <translation>E drücken, um das Bild unter dem Abspielkopf zu bearbeiten.</translation>
  </message>
  <message>
   <source>No image editor is chosen yet.</source>
   <translation>Es ist noch kein Bildeditor gewählt.</translation>
  </message>
  <message>
   <source>Choose the program that edits your pictures.</source>
   <translation>Das Programm wählen, das deine Bilder bearbeitet.</translation>
  </message>
  <message>
   <source>Nothing is edited yet, so there is nothing to follow.</source>
   <translation>Es ist noch nichts bearbeitet, also gibt es nichts zu übertragen.</translation>
  </message>
  <message>
   <source>The prompt is empty.</source>
   <translation>Der Prompt ist leer.</translation>
  </message>
  <message>
   <source>Say what the result shows.</source>
   <translation>Sagen, was das Ergebnis zeigt.</translation>
  </message>
  <message>
   <source>How this take was made is not known any more.</source>
   <translation>Wie dieser Take entstand, ist nicht mehr bekannt.</translation>
  </message>
  <message>
   <source>Choose the settings in the inspector.</source>
   <translation>Die Einstellungen im Inspektor wählen.</translation>
  </message>
  <message>
   <source>That clip is no longer on the timeline.</source>
   <translation>Dieser Clip ist nicht mehr auf der Timeline.</translation>
  </message>
  <message>
   <source>Select another one.</source>
   <translation>Einen anderen auswählen.</translation>
  </message>
  <message>
   <source>Choose another one.</source>
   <translation>Etwas anderes wählen.</translation>
  </message>
  <message>
   <source>This clip's source is not in the bin.</source>
   <translation>Die Quelle dieses Clips ist nicht in der Liste der Clips.</translation>
  </message>
  <message>
   <source>Import it again.</source>
   <translation>Neu importieren.</translation>
  </message>
  <message>
   <source>This folder holds no project.</source>
   <translation>Dieser Ordner enthält kein Projekt.</translation>
  </message>
  <message>
   <source>Choose a folder called something.kfproj.</source>
   <translation>Einen Ordner wählen, der auf .kfproj endet.</translation>
  </message>
  <message>
   <source>That take is no longer in the project.</source>
   <translation>Dieser Take ist nicht mehr im Projekt.</translation>
  </message>
  <message>
   <source>The clip under the playhead shows no take.</source>
   <translation>Der Clip unter dem Abspielkopf zeigt keinen Take.</translation>
  </message>
  <message>
   <source>Press Enter for a draft.</source>
   <translation>Eingabetaste drücken für einen Entwurf.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon is not connected yet.</source>
   <translation>Keyfollows Daemon ist noch nicht verbunden.</translation>
  </message>
  <message>
   <source>Wait a moment, or start it again.</source>
   <translation>Einen Moment warten oder neu starten.</translation>
  </message>
  <message>
   <source>No clip ends where this one begins.</source>
   <translation>Kein Clip endet, wo dieser beginnt.</translation>
  </message>
  <message>
   <source>Put one right before it, or split a clip.</source>
   <translation>Setze einen unmittelbar davor oder teile einen Clip.</translation>
  </message>
  <message>
   <source>No clip lies across the playhead.</source>
   <translation>Über dem Abspielkopf liegt kein Clip.</translation>
  </message>
  <message>
   <source>Move the playhead inside a clip.</source>
   <translation>Den Abspielkopf in einen Clip setzen.</translation>
  </message>
  <message>
   <source>There is not enough memory, even for a smaller plan.</source>
   <translation>Der Speicher reicht nicht, auch nicht in kleinerer Größe.</translation>
  </message>
  <message>
   <source>Choose a draft, a shorter range, or close other programs.</source>
   <translation>Einen Entwurf oder einen kürzeren Bereich wählen, oder andere Programme schließen.</translation>
  </message>
  <message>
   <source>That file is a source of this project.</source>
   <translation>Diese Datei ist eine Quelle dieses Projekts.</translation>
  </message>
  <message>
   <source>Choose another name.</source>
   <translation>Einen anderen Namen wählen.</translation>
  </message>
  <message>
   <source>The output cannot be written.</source>
   <translation>Die Ausgabe lässt sich nicht schreiben.</translation>
  </message>
  <message>
   <source>Choose another place or format.</source>
   <translation>Einen anderen Ort oder ein anderes Format wählen.</translation>
  </message>
  <message>
   <source>A picture is no longer in the project's folder.</source>
   <translation>Ein Bild ist nicht mehr im Projektordner.</translation>
  </message>
  <message>
   <source>Put it back, or edit that frame again.</source>
   <translation>Zurücklegen oder dieses Bild neu bearbeiten.</translation>
  </message>
  <message>
   <source>A painting that was cut short cannot be read.</source>
   <translation>Etwas Gemaltes, das abgebrochen wurde, lässt sich nicht lesen.</translation>
  </message>
  <message>
   <source>Its parts stay where they are.</source>
   <translation>Seine Teile bleiben, wo sie sind.</translation>
  </message>
  <message>
   <source>Another program saved this project meanwhile.</source>
   <translation>Ein anderes Programm hat dieses Projekt inzwischen gespeichert.</translation>
  </message>
  <message>
   <source>Save it under another name.</source>
   <translation>Unter anderem Namen speichern.</translation>
  </message>
  <message>
   <source>This folder cannot be read as a project.</source>
   <translation>Dieser Ordner ist nicht als Projekt zu lesen.</translation>
  </message>
  <message>
   <source>Restore it from a copy.</source>
   <translation>Aus einer Kopie wiederherstellen.</translation>
  </message>
  <message>
   <source>This project is open in another window.</source>
   <translation>Dieses Projekt ist in einem anderen Fenster offen.</translation>
  </message>
  <message>
   <source>Go to that window.</source>
   <translation>Zu jenem Fenster gehen.</translation>
  </message>
  <message>
   <source>There is a project of that name already.</source>
   <translation>Ein Projekt dieses Namens gibt es schon.</translation>
  </message>
  <message>
   <source>This engine needs a prompt.</source>
   <translation>Dieses Verfahren braucht einen Prompt.</translation>
  </message>
  <message>
   <source>A newer Keyfollow made this project; it can only be looked at.</source>
   <translation>Ein neueres Keyfollow hat dieses Projekt angelegt; es lässt sich nur ansehen.</translation>
  </message>
  <message>
   <source>Update Keyfollow to change it.</source>
   <translation>Keyfollow aktualisieren, um es zu ändern.</translation>
  </message>
  <message>
   <source>This shot has an edit keyframe already.</source>
   <translation>Diese Einstellung hat schon ein Edit-Keyframe.</translation>
  </message>
  <message>
   <source>Edit that one, or remove it first.</source>
   <translation>Diesen bearbeiten oder zuerst entfernen.</translation>
  </message>
  <message>
   <source>A frame of the take that is shown is not made yet.</source>
   <translation>Ein Bild des gezeigten Takes ist noch nicht fertig.</translation>
  </message>
  <message>
   <source>Wait for its job, or show another take.</source>
   <translation>Auf seinen Auftrag warten oder einen anderen Take zeigen.</translation>
  </message>
  <message>
   <source>The track is locked.</source>
   <translation>Die Spur ist gesperrt.</translation>
  </message>
  <message>
   <source>Unlock it, then try again.</source>
   <translation>Entsperren, dann noch einmal versuchen.</translation>
  </message>
  <message>
   <source>That is no timeline format.</source>
   <translation>Das ist kein Format für Timelines.</translation>
  </message>
  <message>
   <source>Give a name that ends in .otio, .edl or .xml.</source>
   <translation>Einen Namen geben, der auf .otio, .edl oder .xml endet.</translation>
  </message>
  <message>
   <source>The process that computes has ended.</source>
   <translation>Der rechnende Prozess hat sich beendet.</translation>
  </message>
  <message>
   <source>Try it again: it goes on from the last frame.</source>
   <translation>Noch einmal versuchen: Es geht beim letzten Bild weiter.</translation>
  </message>
  <message>
   <source>The window and its daemon are of different versions.</source>
   <translation>Fenster und Daemon haben verschiedene Versionen.</translation>
  </message>
  <message>
   <source>Install one version, then start the daemon again.</source>
   <translation>Eine Version installieren, dann den Daemon neu starten.</translation>
  </message>
  <message>
   <source>The picture is not of the clip's size.</source>
   <translation>Das Bild hat nicht die Größe des Clips.</translation>
  </message>
  <message>
   <source>Save it at the clip's size.</source>
   <translation>In der Größe des Clips speichern.</translation>
  </message>
  <message>
   <source>Export</source>
   <translation>Exportieren</translation>
  </message>
  <message>
   <source>Whole timeline</source>
   <translation>Ganze Timeline</translation>
  </message>
  <message>
   <source>Browse…</source>
   <translation>Durchsuchen…</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>With the source's sound, copied.</source>
   <translation>Mit dem Ton der Quelle, unverändert.</translation>
  </message>
  <message>
   <source>With the sound of all clips.</source>
   <translation>Mit dem Ton aller Clips.</translation>
  </message>
  <message>
   <source>Export as</source>
   <translation>Exportieren als</translation>
  </message>
  <message>
   <source>Writing…</source>
   <translation>Wird geschrieben…</translation>
  </message>
  <message>
   <source>Selected clip</source>
   <translation>Ausgewählter Clip</translation>
  </message>
  <message>
   <source>In to out</source>
   <translation>In bis Out</translation>
  </message>
  <message>
   <source>Full picture</source>
   <translation>Ganzes Bild</translation>
  </message>
  <message>
   <source>Edit only (with transparency)</source>
   <translation>Nur die Bearbeitung (mit Transparenz)</translation>
  </message>
  <message>
   <source>Matte</source>
   <translation>Maske</translation>
  </message>
  <message>
   <source>frames on either side</source>
   <translation>Bilder auf jeder Seite</translation>
  </message>
  <message>
   <source>What</source>
   <translation>Was</translation>
  </message>
  <message>
   <source>Deliver</source>
   <translation>Ausgabe</translation>
  </message>
  <message>
   <source>Format</source>
   <translation>Format</translation>
  </message>
  <message>
   <source>Handles</source>
   <translation>Zugabe</translation>
  </message>
  <message>
   <source>Size</source>
   <translation>Größe</translation>
  </message>
  <message>
   <source>Without sound.</source>
   <translation>Ohne Ton.</translation>
  </message>
  <message>
   <source>This format holds no transparency: choose ProRes, FFV1 or images.</source>
   <translation>Dieses Format kennt keine Transparenz: ProRes, FFV1 oder Bilder wählen.</translation>
  </message>
  <message>
   <source>Cancelling…</source>
   <translation>Wird abgebrochen…</translation>
  </message>
  <message>
   <source>Frame {0} of {1}</source>
   <translation>Bild {0} von {1}</translation>
  </message>
  <message>
   <source>Try again</source>
   <translation>Noch einmal</translation>
  </message>
  <message>
   <source>Nothing has been downloaded, and no picture leaves this machine. Models for further engines are fetched only when you ask: File ▸ Models. All this can be changed in the preferences.</source>
   <translation>Nichts wurde heruntergeladen, und kein Bild verlässt diesen Rechner. Modelle für weitere Verfahren werden nur auf Wunsch geholt: Datei ▸ Modelle. All das lässt sich in den Einstellungen ändern.</translation>
  </message>
  <message>
   <source>Welcome</source>
   <translation>Willkommen</translation>
  </message>
  <message>
   <source>Looking at this machine…</source>
   <translation>Dieser Rechner wird angesehen…</translation>
  </message>
  <message>
   <source>Image editor</source>
   <translation>Bildeditor</translation>
  </message>
  <message>
   <source>Paint in Keyfollow itself</source>
   <translation>In Keyfollow selbst malen</translation>
  </message>
  <message>
   <source>Another program…</source>
   <translation>Ein anderes Programm…</translation>
  </message>
  <message>
   <source>E opens a frame there; when you save, it comes back by itself.</source>
   <translation>E öffnet dort ein Bild; beim Speichern kommt es von selbst zurück.</translation>
  </message>
  <message>
   <source>Start with an empty project</source>
   <translation>Mit leerem Projekt beginnen</translation>
  </message>
  <message>
   <source>Open the example</source>
   <translation>Beispiel öffnen</translation>
  </message>
  <message>
   <source>Starting the daemon…</source>
   <translation>Der Daemon wird gestartet…</translation>
  </message>
  <message>
   <source>Choose an image editor</source>
   <translation>Einen Bildeditor wählen</translation>
  </message>
  <message>
   <source>Welcome to Keyfollow</source>
   <translation>Willkommen bei Keyfollow</translation>
  </message>
  <message>
   <source>Edit one frame of a clip; every other frame follows.</source>
   <translation>Ein Bild eines Clips bearbeiten; alle anderen folgen.</translation>
  </message>
  <message>
   <source>This machine</source>
   <translation>Dieser Rechner</translation>
  </message>
  <message>
   <source>Large files</source>
   <translation>Große Dateien</translation>
  </message>
  <message>
   <source>{0} cannot be used yet: {1}. Until then the {2} processor cores do the work.</source>
   <translation>{0} ist noch nicht zu gebrauchen: {1}. Bis dahin rechnen die {2} Prozessorkerne.</translation>
  </message>
  <message>
   <source>Ready now: {0}.</source>
   <translation>Schon bereit: {0}.</translation>
  </message>
  <message>
   <source>{0}, and {1} processor cores.</source>
   <translation>{0} und {1} Prozessorkerne.</translation>
  </message>
  <message>
   <source>{0} processor cores, no graphics processor: Patch is made for that.</source>
   <translation>{0} Prozessorkerne, keine Grafikkarte: Dafür ist Patch gemacht.</translation>
  </message>
  <message>
   <source>When you want them: {0}.</source>
   <translation>Auf Wunsch: {0}.</translation>
  </message>
  <message>
   <source>Edit keyframes</source>
   <translation>Edit-Keyframes</translation>
  </message>
  <message>
   <source>Edit keyframes of this clip</source>
   <translation>Edit-Keyframes dieses Clips</translation>
  </message>
  <message>
   <source>No edit keyframe yet. Go to the frame that shows the thing best, then press E.</source>
   <translation>Noch kein Edit-Keyframe. Geh zu dem Bild, das die Sache am besten zeigt, und drücke E.</translation>
  </message>
  <message>
   <source>Edit (E)</source>
   <translation>Ändern (E)</translation>
  </message>
  <message>
   <source>Open this frame in the image editor that you chose; it comes back when you save</source>
   <translation>Dieses Bild im gewählten Bildeditor öffnen; beim Speichern kommt es zurück</translation>
  </message>
  <message>
   <source>Paint</source>
   <translation>Malen</translation>
  </message>
  <message>
   <source>Paint on this frame here (Shift+E)</source>
   <translation>Hier auf dieses Bild malen (Umschalt+E)</translation>
  </message>
  <message>
   <source>Use…</source>
   <translation>Bild…</translation>
  </message>
  <message>
   <source>Take a picture that is edited already</source>
   <translation>Ein schon bearbeitetes Bild nehmen</translation>
  </message>
  <message>
   <source>Engine</source>
   <translation>Verfahren</translation>
  </message>
  <message>
   <source>Kind of edit</source>
   <translation>Art der Änderung</translation>
  </message>
  <message>
   <source>What the source shows</source>
   <translation>Was die Quelle zeigt</translation>
  </message>
  <message>
   <source>Source prompt</source>
   <translation>Prompt der Quelle</translation>
  </message>
  <message>
   <source>What the result shows</source>
   <translation>Was das Ergebnis zeigt</translation>
  </message>
  <message>
   <source>Prompt</source>
   <translation>Beschreibung</translation>
  </message>
  <message>
   <source>Try on this frame</source>
   <translation>Auf diesem Bild probieren</translation>
  </message>
  <message>
   <source>Make an edit keyframe of this frame from the prompt</source>
   <translation>Aus der Beschreibung ein Edit-Keyframe dieses Bildes machen</translation>
  </message>
  <message>
   <source>Settings</source>
   <translation>Einstellungen</translation>
  </message>
  <message>
   <source>Estimate</source>
   <translation>Schätzung</translation>
  </message>
  <message>
   <source>Draft  ⏎</source>
   <translation>Entwurf  ⏎</translation>
  </message>
  <message>
   <source>Quick and rougher, from the nearest keyframe outward (Enter)</source>
   <translation>Schnell und gröber, vom nächsten Keyframe nach außen (Eingabetaste)</translation>
  </message>
  <message>
   <source>Final  ⇧⏎</source>
   <translation>Endfassung  ⇧⏎</translation>
  </message>
  <message>
   <source>Full quality (Shift+Enter)</source>
   <translation>Volle Qualität (Umschalt+Eingabetaste)</translation>
  </message>
  <message>
   <source>Local change</source>
   <translation>Örtliche Änderung</translation>
  </message>
  <message>
   <source>Style</source>
   <translation>Stil</translation>
  </message>
  <message>
   <source>Shape change</source>
   <translation>Andere Form</translation>
  </message>
  <message>
   <source>Change engine</source>
   <translation>Verfahren wechseln</translation>
  </message>
  <message>
   <source>{0} frames: draft in about {1}</source>
   <translation>{0} Bilder: Entwurf in etwa {1}</translation>
  </message>
  <message>
   <source>Change the kind of edit</source>
   <translation>Art der Änderung wechseln</translation>
  </message>
  <message>
   <source>{0} frames: Patch preview in about {1}</source>
   <translation>{0} Bilder: Patch-Vorschau in etwa {1}</translation>
  </message>
  <message>
   <source>Change prompt</source>
   <translation>Beschreibung ändern</translation>
  </message>
  <message>
   <source>Change settings</source>
   <translation>Einstellungen ändern</translation>
  </message>
  <message>
   <source>Frame {0}</source>
   <translation>Bild {0}</translation>
  </message>
  <message>
   <source>memory {0}, disk {1}</source>
   <translation>Speicher {0}, Platte {1}</translation>
  </message>
  <message>
   <source>Picture is missing</source>
   <translation>Bild fehlt</translation>
  </message>
  <message>
   <source>{0} (not ready)</source>
   <translation>{0} (nicht bereit)</translation>
  </message>
  <message>
   <source>{0} frames prepared</source>
   <translation>{0} Bilder vorbereitet</translation>
  </message>
  <message>
   <source>Edit here</source>
   <translation>Hier bearbeiten</translation>
  </message>
  <message>
   <source>Protect</source>
   <translation>Schützen</translation>
  </message>
  <message>
   <source>In front</source>
   <translation>Davor</translation>
  </message>
  <message>
   <source>Masks of this clip</source>
   <translation>Masken dieses Clips</translation>
  </message>
  <message>
   <source>Paint a mask on this frame</source>
   <translation>Eine Maske auf dieses Bild malen</translation>
  </message>
  <message>
   <source>From file</source>
   <translation>Datei</translation>
  </message>
  <message>
   <source>A picture, a video, or a folder of numbered images</source>
   <translation>Ein Bild, ein Video oder ein Ordner nummerierter Bilder</translation>
  </message>
  <message>
   <source>Remove this mask</source>
   <translation>Diese Maske entfernen</translation>
  </message>
  <message>
   <source>Means</source>
   <translation>Bedeutet</translation>
  </message>
  <message>
   <source> px</source>
   <translation> px</translation>
  </message>
  <message>
   <source>Above 0 it becomes larger, below 0 smaller</source>
   <translation>Über 0 wird sie größer, unter 0 kleiner</translation>
  </message>
  <message>
   <source>Grow</source>
   <translation>Wachsen</translation>
  </message>
  <message>
   <source>Feather</source>
   <translation>Weichzeichnen</translation>
  </message>
  <message>
   <source>Opacity</source>
   <translation>Deckkraft</translation>
  </message>
  <message>
   <source>Invert</source>
   <translation>Umkehren</translation>
  </message>
  <message>
   <source>Paint on this frame</source>
   <translation>Auf dieses Bild malen</translation>
  </message>
  <message>
   <source>How masks are shown</source>
   <translation>Wie Masken gezeigt werden</translation>
  </message>
  <message>
   <source>Not shown</source>
   <translation>Nicht zeigen</translation>
  </message>
  <message>
   <source>Overlay</source>
   <translation>Darüber</translation>
  </message>
  <message>
   <source>Cut-out</source>
   <translation>Freigestellt</translation>
  </message>
  <message>
   <source>A mask: a picture of this frame, or a video</source>
   <translation>Eine Maske: ein Bild dieses Einzelbilds oder ein Video</translation>
  </message>
  <message>
   <source>A folder with one mask for every frame</source>
   <translation>Ein Ordner mit einer Maske für jedes Bild</translation>
  </message>
  <message>
   <source>Masks</source>
   <translation>Masken</translation>
  </message>
  <message>
   <source>In the viewer</source>
   <translation>Im Bildfenster</translation>
  </message>
  <message>
   <source>Change mask</source>
   <translation>Maske ändern</translation>
  </message>
  <message>
   <source>Remove mask</source>
   <translation>Maske entfernen</translation>
  </message>
  <message>
   <source>{0}, a folder of images</source>
   <translation>{0}, ein Ordner mit Bildern</translation>
  </message>
  <message>
   <source>Add mask</source>
   <translation>Maske hinzufügen</translation>
  </message>
  <message>
   <source>frame {0}</source>
   <translation>Bild {0}</translation>
  </message>
  <message>
   <source>Some engines need a model. Nothing is downloaded unless you ask for it here; the Patch engine needs none.</source>
   <translation>Manche Verfahren brauchen ein Modell. Heruntergeladen wird nur, was hier verlangt wird; Patch braucht keines.</translation>
  </message>
  <message>
   <source>Models</source>
   <translation>Modelle</translation>
  </message>
  <message>
   <source>Progress</source>
   <translation>Fortschritt</translation>
  </message>
  <message>
   <source>Looking at what is here…</source>
   <translation>Es wird nachgesehen, was da ist…</translation>
  </message>
  <message>
   <source>Read the licence</source>
   <translation>Lizenz lesen</translation>
  </message>
  <message>
   <source>I have read the licence and accept it</source>
   <translation>Ich habe die Lizenz gelesen und nehme sie an</translation>
  </message>
  <message>
   <source>Download</source>
   <translation>Herunterladen</translation>
  </message>
  <message>
   <source>Check files</source>
   <translation>Dateien prüfen</translation>
  </message>
  <message>
   <source>Export archive…</source>
   <translation>Archiv exportieren…</translation>
  </message>
  <message>
   <source>Remove…</source>
   <translation>Entfernen…</translation>
  </message>
  <message>
   <source>Add a folder…</source>
   <translation>Ordner hinzufügen…</translation>
  </message>
  <message>
   <source>Import archive…</source>
   <translation>Archiv importieren…</translation>
  </message>
  <message>
   <source>Close</source>
   <translation>Schließen</translation>
  </message>
  <message>
   <source>Installed</source>
   <translation>Installiert</translation>
  </message>
  <message>
   <source>Damaged</source>
   <translation>Beschädigt</translation>
  </message>
  <message>
   <source>Download begun</source>
   <translation>Angefangen</translation>
  </message>
  <message>
   <source>Not here</source>
   <translation>Nicht hier</translation>
  </message>
  <message>
   <source>Connecting…</source>
   <translation>Verbindung wird aufgebaut…</translation>
  </message>
  <message>
   <source>Export the model as</source>
   <translation>Modell exportieren als</translation>
  </message>
  <message>
   <source>Remove model</source>
   <translation>Modell entfernen</translation>
  </message>
  <message>
   <source>A model's folder, as diffusers saves it</source>
   <translation>Der Ordner eines Modells, wie diffusers ihn speichert</translation>
  </message>
  <message>
   <source>Adding…</source>
   <translation>Wird hinzugefügt…</translation>
  </message>
  <message>
   <source>A model's archive</source>
   <translation>Das Archiv eines Modells</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>Modell</translation>
  </message>
  <message>
   <source>State</source>
   <translation>Zustand</translation>
  </message>
  <message>
   <source>For</source>
   <translation>Für</translation>
  </message>
  <message>
   <source>see its page</source>
   <translation>siehe seine Seite</translation>
  </message>
  <message>
   <source>Its makers ask who downloads it: an account there, and its token in HF_TOKEN, are needed.</source>
   <translation>Seine Urheber wollen wissen, wer es lädt: ein Konto dort und dessen Token in HF_TOKEN sind nötig.</translation>
  </message>
  <message>
   <source>Go on downloading</source>
   <translation>Weiter herunterladen</translation>
  </message>
  <message>
   <source>Accept the licence first</source>
   <translation>Erst die Lizenz annehmen</translation>
  </message>
  <message>
   <source>Exporting…</source>
   <translation>Wird exportiert…</translation>
  </message>
  <message>
   <source>Removing…</source>
   <translation>Wird entfernt…</translation>
  </message>
  <message>
   <source>Importing…</source>
   <translation>Wird importiert…</translation>
  </message>
  <message>
   <source>Stopped. A download goes on from here the next time.</source>
   <translation>Angehalten. Ein Download geht beim nächsten Mal von hier weiter.</translation>
  </message>
  <message>
   <source>Licence: {0}</source>
   <translation>Lizenz: {0}</translation>
  </message>
  <message>
   <source>Remove {0} from this machine? {1} become free.</source>
   <translation>{0} von diesem Rechner entfernen? {1} werden frei.</translation>
  </message>
  <message>
   <source>{0}: {1} of {2}</source>
   <translation>{0}: {1} von {2}</translation>
  </message>
  <message>
   <source>The connection broke; trying again…</source>
   <translation>Die Verbindung ist abgerissen; neuer Versuch…</translation>
  </message>
  <message>
   <source>Checking every byte…</source>
   <translation>Jedes Byte wird geprüft…</translation>
  </message>
  <message>
   <source>Written to {0}.</source>
   <translation>Nach {0} geschrieben.</translation>
  </message>
  <message>
   <source>{0} freed.</source>
   <translation>{0} freigegeben.</translation>
  </message>
  <message>
   <source>{0} is installed.</source>
   <translation>{0} ist installiert.</translation>
  </message>
  <message>
   <source>{0} is sound.</source>
   <translation>{0} ist in Ordnung.</translation>
  </message>
  <message>
   <source>Notice</source>
   <translation>Hinweis</translation>
  </message>
  <message>
   <source>Dismiss</source>
   <translation>Schließen</translation>
  </message>
  <message>
   <source>No mask is painted on this frame; the run carries those of other frames here.</source>
   <translation>Auf dieses Bild ist keine Maske gemalt; der Lauf trägt die anderer Bilder hierher.</translation>
  </message>
  <message>
   <source>Painter</source>
   <translation>Malwerkzeug</translation>
  </message>
  <message>
   <source>Undo (Ctrl+Z)</source>
   <translation>Rückgängig (Strg+Z)</translation>
  </message>
  <message>
   <source>Redo (Ctrl+Shift+Z)</source>
   <translation>Wiederholen (Strg+Umschalt+Z)</translation>
  </message>
  <message>
   <source>Discard</source>
   <translation>Verwerfen</translation>
  </message>
  <message>
   <source>Close and forget what was painted since the painter was opened</source>
   <translation>Schließen und vergessen, was seit dem Öffnen gemalt wurde</translation>
  </message>
  <message>
   <source>Done  ⏎</source>
   <translation>Fertig  ⏎</translation>
  </message>
  <message>
   <source>Keep what was painted (Enter)</source>
   <translation>Gemaltes behalten (Eingabetaste)</translation>
  </message>
  <message>
   <source>Brush size ([ and ])</source>
   <translation>Pinselgröße ([ und ])</translation>
  </message>
  <message>
   <source>Hardness</source>
   <translation>Härte</translation>
  </message>
  <message>
   <source>Hardness of the brush's edge</source>
   <translation>Härte des Pinselrands</translation>
  </message>
  <message>
   <source>Tolerance</source>
   <translation>Toleranz</translation>
  </message>
  <message>
   <source>How unlike a colour the fill takes</source>
   <translation>Wie unähnliche Farben das Füllen nimmt</translation>
  </message>
  <message>
   <source>Opacity of a stroke</source>
   <translation>Deckkraft eines Strichs</translation>
  </message>
  <message>
   <source>Alt: pick a colour</source>
   <translation>Alt: Farbe aufnehmen</translation>
  </message>
  <message>
   <source>The source comes back</source>
   <translation>Die Quelle kommt zurück</translation>
  </message>
  <message>
   <source>Alt+click where to copy from, then paint</source>
   <translation>Alt+Klick, woher kopiert wird, dann malen</translation>
  </message>
  <message>
   <source>Click an area of one colour</source>
   <translation>Auf eine Fläche einer Farbe klicken</translation>
  </message>
  <message>
   <source>Click a colour</source>
   <translation>Auf eine Farbe klicken</translation>
  </message>
  <message>
   <source>Painting frame {0}</source>
   <translation>Bild {0} wird gemalt</translation>
  </message>
  <message>
   <source>Fixing frame {0} only</source>
   <translation>Nur Bild {0} wird ausgebessert</translation>
  </message>
  <message>
   <source>Painting a mask on frame {0}</source>
   <translation>Auf Bild {0} wird eine Maske gemalt</translation>
  </message>
  <message>
   <source>Painting tools</source>
   <translation>Malwerkzeuge</translation>
  </message>
  <message>
   <source>Colour</source>
   <translation>Farbe</translation>
  </message>
  <message>
   <source>The brush's colour</source>
   <translation>Die Farbe des Pinsels</translation>
  </message>
  <message>
   <source>Mask</source>
   <translation>Maske</translation>
  </message>
  <message>
   <source>Source</source>
   <translation>Quelle</translation>
  </message>
  <message>
   <source>Lay a picture on the edit layer</source>
   <translation>Ein Bild auf die Bearbeitungsebene legen</translation>
  </message>
  <message>
   <source>Paste</source>
   <translation>Einfügen</translation>
  </message>
  <message>
   <source>Lay the clipboard's picture on the edit layer (Ctrl+V)</source>
   <translation>Das Bild der Zwischenablage auf die Bearbeitungsebene legen (Strg+V)</translation>
  </message>
  <message>
   <source>Clear layer</source>
   <translation>Ebene leeren</translation>
  </message>
  <message>
   <source>Empty the layer that is painted on</source>
   <translation>Die Ebene leeren, auf die gemalt wird</translation>
  </message>
  <message>
   <source>Opening the frame…</source>
   <translation>Das Bild wird geöffnet…</translation>
  </message>
  <message>
   <source>Working…</source>
   <translation>Wird gearbeitet…</translation>
  </message>
  <message>
   <source>Brush</source>
   <translation>Pinsel</translation>
  </message>
  <message>
   <source>Eraser</source>
   <translation>Radierer</translation>
  </message>
  <message>
   <source>Clone</source>
   <translation>Stempel</translation>
  </message>
  <message>
   <source>Fill</source>
   <translation>Füllen</translation>
  </message>
  <message>
   <source>Pick colour</source>
   <translation>Farbe aufnehmen</translation>
  </message>
  <message>
   <source>Layers</source>
   <translation>Ebenen</translation>
  </message>
  <message>
   <source>The source lies below and stays as it is</source>
   <translation>Die Quelle liegt darunter und bleibt, wie sie ist</translation>
  </message>
  <message>
   <source>Show or hide the layer {0}</source>
   <translation>Die Ebene {0} zeigen oder ausblenden</translation>
  </message>
  <message>
   <source>Paint on the layer {0} (M changes)</source>
   <translation>Auf die Ebene {0} malen (M wechselt)</translation>
  </message>
  <message>
   <source>Paint mask</source>
   <translation>Maske malen</translation>
  </message>
  <message>
   <source>Fix this frame</source>
   <translation>Dieses Bild ausbessern</translation>
  </message>
  <message>
   <source>Edit keyframe</source>
   <translation>Edit-Keyframe</translation>
  </message>
  <message>
   <source>Recover what was painted</source>
   <translation>Gemaltes wiederherstellen</translation>
  </message>
  <message>
   <source>There is no picture on the clipboard.</source>
   <translation>In der Zwischenablage ist kein Bild.</translation>
  </message>
  <message>
   <source>The program that E opens a frame with. Write {file} where the picture's name belongs, or nothing: it comes last.</source>
   <translation>Das Programm, mit dem E ein Bild öffnet. Schreib {file}, wo der Name des Bildes hingehört, oder nichts: dann steht er am Ende.</translation>
  </message>
  <message>
   <source>What is prepared of a source so that the next run begins sooner; the oldest goes first.</source>
   <translation>Was von einer Quelle vorbereitet ist, damit der nächste Lauf früher beginnt; das Älteste geht zuerst.</translation>
  </message>
  <message>
   <source>Preferences</source>
   <translation>Einstellungen</translation>
  </message>
  <message>
   <source>Installed image editors</source>
   <translation>Installierte Bildeditoren</translation>
  </message>
  <message>
   <source>Command of the image editor</source>
   <translation>Befehl des Bildeditors</translation>
  </message>
  <message>
   <source>for example: krita</source>
   <translation>zum Beispiel: krita</translation>
  </message>
  <message>
   <source>Installed editors</source>
   <translation>Installierte Editoren</translation>
  </message>
  <message>
   <source>Storage</source>
   <translation>Speicherort</translation>
  </message>
  <message>
   <source>Largest size of the inversion cache</source>
   <translation>Größe des Inversionsspeichers</translation>
  </message>
  <message>
   <source>Inversion cache</source>
   <translation>Inversionsspeicher</translation>
  </message>
  <message>
   <source>Make light copies of footage above 1080p, for playing</source>
   <translation>Für Material über 1080p leichte Kopien zum Abspielen anlegen</translation>
  </message>
  <message>
   <source>Theme</source>
   <translation>Farben</translation>
  </message>
  <message>
   <source>As the system</source>
   <translation>Wie das System</translation>
  </message>
  <message>
   <source>Language</source>
   <translation>Sprache</translation>
  </message>
  <message>
   <source>A change of language shows at the next start.</source>
   <translation>Eine andere Sprache zeigt sich beim nächsten Start.</translation>
  </message>
  <message>
   <source>General</source>
   <translation>Allgemein</translation>
  </message>
  <message>
   <source>Keyboard</source>
   <translation>Tastatur</translation>
  </message>
  <message>
   <source>Choose…</source>
   <translation>Wählen…</translation>
  </message>
  <message>
   <source>None found on this machine</source>
   <translation>Auf diesem Rechner keiner gefunden</translation>
  </message>
  <message>
   <source>Dark</source>
   <translation>Dunkel</translation>
  </message>
  <message>
   <source>Light</source>
   <translation>Hell</translation>
  </message>
  <message>
   <source>Stopping…</source>
   <translation>Wird angehalten…</translation>
  </message>
  <message>
   <source>Open a project folder</source>
   <translation>Einen Projektordner öffnen</translation>
  </message>
  <message>
   <source>Save project as</source>
   <translation>Projekt speichern als</translation>
  </message>
  <message>
   <source>Saving…</source>
   <translation>Wird gespeichert…</translation>
  </message>
  <message>
   <source>Keyfollow</source>
   <translation>Keyfollow</translation>
  </message>
  <message>
   <source>Don't save</source>
   <translation>Nicht speichern</translation>
  </message>
  <message>
   <source>Export project as an archive</source>
   <translation>Projekt als Archiv exportieren</translation>
  </message>
  <message>
   <source>Export archive</source>
   <translation>Archiv exportieren</translation>
  </message>
  <message>
   <source>Open a project's archive</source>
   <translation>Das Archiv eines Projekts öffnen</translation>
  </message>
  <message>
   <source>Unpack the project as</source>
   <translation>Projekt entpacken als</translation>
  </message>
  <message>
   <source>Import a timeline</source>
   <translation>Eine Timeline importieren</translation>
  </message>
  <message>
   <source>Export timeline</source>
   <translation>Timeline exportieren</translation>
  </message>
  <message>
   <source>Writing the takes as ProRes…</source>
   <translation>Die Takes werden als ProRes geschrieben…</translation>
  </message>
  <message>
   <source>There is nothing on the timeline to export.</source>
   <translation>Auf der Timeline ist nichts zu exportieren.</translation>
  </message>
  <message>
   <source>Where is the footage now?</source>
   <translation>Wo liegt das Material jetzt?</translation>
  </message>
  <message>
   <source>An EDL does not say its frame rate. It is:</source>
   <translation>Eine EDL nennt ihre Bildrate nicht. Sie ist:</translation>
  </message>
  <message>
   <source>Blender opens with the same frames.</source>
   <translation>Blender öffnet sich mit denselben Bildern.</translation>
  </message>
  <message>
   <source>Import {0} in Resolve (File ▸ Import ▸ Timeline).</source>
   <translation>{0} in Resolve importieren (File ▸ Import ▸ Timeline).</translation>
  </message>
  <message>
   <source>Import {0} in Premiere (File ▸ Import).</source>
   <translation>{0} in Premiere importieren (Datei ▸ Importieren).</translation>
  </message>
  <message>
   <source>Blender was not found. Open it with: blender --python {0}</source>
   <translation>Blender wurde nicht gefunden. Öffnen mit: blender --python {0}</translation>
  </message>
  <message>
   <source>Keyfollow ended unexpectedly. The project you were working on can be recovered.</source>
   <translation>Keyfollow wurde unerwartet beendet. Das Projekt, an dem du gearbeitet hast, lässt sich wiederherstellen.</translation>
  </message>
  <message>
   <source>Recover</source>
   <translation>Wiederherstellen</translation>
  </message>
  <message>
   <source>Opening {0}…</source>
   <translation>{0} wird geöffnet…</translation>
  </message>
  <message>
   <source>{0} was not saved when it was last open.</source>
   <translation>{0} war beim letzten Mal nicht gespeichert.</translation>
  </message>
  <message>
   <source>Save the changes to {0}?</source>
   <translation>Änderungen an {0} speichern?</translation>
  </message>
  <message>
   <source>Untitled</source>
   <translation>Unbenannt</translation>
  </message>
  <message>
   <source>Put the footage into it too ({0} MB)? Without it, the archive opens where the footage is.</source>
   <translation>Das Material mit hineinlegen ({0} MB)? Ohne es öffnet sich das Archiv dort, wo das Material liegt.</translation>
  </message>
  <message>
   <source>Writing {0}…</source>
   <translation>{0} wird geschrieben…</translation>
  </message>
  <message>
   <source>Timelines</source>
   <translation>Timelines</translation>
  </message>
  <message>
   <source>Reading {0}…</source>
   <translation>{0} wird gelesen…</translation>
  </message>
  <message>
   <source>Where shall the media for {0} lie?</source>
   <translation>Wo sollen die Medien für {0} liegen?</translation>
  </message>
  <message>
   <source>Send to {0}</source>
   <translation>An {0} senden</translation>
  </message>
  <message>
   <source>Exported {0}.</source>
   <translation>{0} exportiert.</translation>
  </message>
  <message>
   <source>Relink</source>
   <translation>Neu verknüpfen</translation>
  </message>
  <message>
   <source>Look elsewhere…</source>
   <translation>Anderswo suchen…</translation>
  </message>
  <message>
   <source>{0} of this project's clips cannot be found.</source>
   <translation>{0} Clips dieses Projekts sind nicht zu finden.</translation>
  </message>
  <message>
   <source>Saved as {0}</source>
   <translation>Gespeichert als {0}</translation>
  </message>
  <message>
   <source>{0} of this timeline's clips cannot be found.</source>
   <translation>{0} Clips dieser Timeline sind nicht zu finden.</translation>
  </message>
  <message>
   <source>No file below {0} holds this clip.</source>
   <translation>Keine Datei unter {0} enthält diesen Clip.</translation>
  </message>
  <message>
   <source>Waiting</source>
   <translation>Wartet</translation>
  </message>
  <message>
   <source>Running</source>
   <translation>Läuft</translation>
  </message>
  <message>
   <source>Paused</source>
   <translation>Pausiert</translation>
  </message>
  <message>
   <source>Done</source>
   <translation>Fertig</translation>
  </message>
  <message>
   <source>Failed</source>
   <translation>Fehlgeschlagen</translation>
  </message>
  <message>
   <source>Cancelled</source>
   <translation>Abgebrochen</translation>
  </message>
  <message>
   <source>Nothing is waiting or running.</source>
   <translation>Nichts wartet oder läuft.</translation>
  </message>
  <message>
   <source>Pause</source>
   <translation>Pause</translation>
  </message>
  <message>
   <source>Resume</source>
   <translation>Fortsetzen</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>Entfernen</translation>
  </message>
  <message>
   <source>Earlier</source>
   <translation>Früher</translation>
  </message>
  <message>
   <source>Later</source>
   <translation>Später</translation>
  </message>
  <message>
   <source>Result</source>
   <translation>Ergebnis</translation>
  </message>
  <message>
   <source>{0} left</source>
   <translation>noch {0}</translation>
  </message>
  <message>
   <source>Your editor changed the whole picture slightly. It is kept as a grade.</source>
   <translation>Dein Editor hat das ganze Bild leicht verändert. Das bleibt als Farbkorrektur erhalten.</translation>
  </message>
  <message>
   <source>Remove the shift</source>
   <translation>Veränderung entfernen</translation>
  </message>
  <message>
   <source>JPEG changes every pixel a little, so more than you painted will count as edited. PNG does not.</source>
   <translation>JPEG verändert jedes Pixel ein wenig, also gilt mehr als bearbeitet, als du gemalt hast. PNG nicht.</translation>
  </message>
  <message>
   <source>{0}
Default: {1}</source>
   <translation>{0}
Vorgabe: {1}</translation>
  </message>
  <message>
   <source>Keys as in</source>
   <translation>Tasten wie in</translation>
  </message>
  <message>
   <source>Actions and their keys</source>
   <translation>Aktionen und ihre Tasten</translation>
  </message>
  <message>
   <source>Press the new key</source>
   <translation>Die neue Taste drücken</translation>
  </message>
  <message>
   <source>Set</source>
   <translation>Setzen</translation>
  </message>
  <message>
   <source>Default</source>
   <translation>Vorgabe</translation>
  </message>
  <message>
   <source>Action</source>
   <translation>Aktion</translation>
  </message>
  <message>
   <source>Keys</source>
   <translation>Tasten</translation>
  </message>
  <message>
   <source>New key</source>
   <translation>Neue Taste</translation>
  </message>
  <message>
   <source>Taken from: {0}</source>
   <translation>Weggenommen von: {0}</translation>
  </message>
  <message>
   <source>Split into shots</source>
   <translation>In Einstellungen teilen</translation>
  </message>
  <message>
   <source>Join shots</source>
   <translation>Einstellungen verbinden</translation>
  </message>
  <message>
   <source>Begin a shot</source>
   <translation>Einstellung beginnen</translation>
  </message>
  <message>
   <source>Split</source>
   <translation>Teilen</translation>
  </message>
  <message>
   <source>A shot begins after the first frame of a clip.</source>
   <translation>Eine Einstellung beginnt nach dem ersten Bild eines Clips.</translation>
  </message>
  <message>
   <source>The take covers all that the clip shows.</source>
   <translation>Der Take deckt alles ab, was der Clip zeigt.</translation>
  </message>
  <message>
   <source>Keep whole</source>
   <translation>Ganz lassen</translation>
  </message>
  <message>
   <source>There is no keyframe in another shot to copy from.</source>
   <translation>In keiner anderen Einstellung ist ein Keyframe zum Kopieren.</translation>
  </message>
  <message>
   <source>Copy look</source>
   <translation>Aussehen kopieren</translation>
  </message>
  <message>
   <source>{0} shots found in {1}.</source>
   <translation>{0} Einstellungen in {1} gefunden.</translation>
  </message>
  <message>
   <source>{0} free. Takes, inversions and models go there: choose a large, fast disk.</source>
   <translation>{0} frei. Takes, Inversionen und Modelle kommen dorthin: am besten ein großer, schneller Datenträger.</translation>
  </message>
  <message>
   <source>Storage folder</source>
   <translation>Speicherordner</translation>
  </message>
  <message>
   <source>Change…</source>
   <translation>Ändern…</translation>
  </message>
  <message>
   <source>Change the storage folder</source>
   <translation>Speicherordner ändern</translation>
  </message>
  <message>
   <source>Keep large files in</source>
   <translation>Große Dateien aufbewahren in</translation>
  </message>
  <message>
   <source>Only {0} free: long clips and models will not fit.</source>
   <translation>Nur {0} frei: Lange Clips und Modelle passen nicht.</translation>
  </message>
  <message>
   <source>The environment says so ({0}).</source>
   <translation>So will es die Umgebung ({0}).</translation>
  </message>
  <message>
   <source>{0} % of the picture changed</source>
   <translation>{0} % des Bildes geändert</translation>
  </message>
  <message>
   <source>seed {0}</source>
   <translation>Startwert {0}</translation>
  </message>
  <message>
   <source>{0} frames in {1}</source>
   <translation>{0} Bilder in {1}</translation>
  </message>
  <message>
   <source>{0} frames</source>
   <translation>{0} Bilder</translation>
  </message>
  <message>
   <source>Unsure frames: {0}. N goes to the one most worth painting.</source>
   <translation>Unsichere Bilder: {0}. N geht zu dem, das sich am meisten lohnt.</translation>
  </message>
  <message>
   <source>{0} pixels changed where the mask protects.</source>
   <translation>{0} Pixel geändert, wo die Maske schützt.</translation>
  </message>
  <message>
   <source>No takes yet.
Each draft or final becomes one.</source>
   <translation>Noch keine Takes.
Jeder Entwurf und jede Endfassung wird einer.</translation>
  </message>
  <message>
   <source>Takes of this clip</source>
   <translation>Takes dieses Clips</translation>
  </message>
  <message>
   <source>How this take was made</source>
   <translation>Wie dieser Take entstand</translation>
  </message>
  <message>
   <source>Out of date</source>
   <translation>Veraltet</translation>
  </message>
  <message>
   <source>Use the take's settings</source>
   <translation>Einstellungen des Takes übernehmen</translation>
  </message>
  <message>
   <source>Note on take</source>
   <translation>Notiz zum Take</translation>
  </message>
  <message>
   <source>Note</source>
   <translation>Notiz</translation>
  </message>
  <message>
   <source>Rename take</source>
   <translation>Take umbenennen</translation>
  </message>
  <message>
   <source>Name</source>
   <translation>Name</translation>
  </message>
  <message>
   <source>Patch preview</source>
   <translation>Patch-Vorschau</translation>
  </message>
  <message>
   <source>Switch take</source>
   <translation>Take wechseln</translation>
  </message>
  <message>
   <source>Remove star</source>
   <translation>Stern entfernen</translation>
  </message>
  <message>
   <source>Star take</source>
   <translation>Take mit Stern versehen</translation>
  </message>
  <message>
   <source>Unpin take</source>
   <translation>Take lösen</translation>
  </message>
  <message>
   <source>Pin take</source>
   <translation>Take anheften</translation>
  </message>
  <message>
   <source>Delete take</source>
   <translation>Take löschen</translation>
  </message>
  <message>
   <source>Show on this clip</source>
   <translation>Auf diesem Clip zeigen</translation>
  </message>
  <message>
   <source>Star or unstar</source>
   <translation>Stern setzen oder entfernen</translation>
  </message>
  <message>
   <source>Pin or unpin</source>
   <translation>Anheften oder lösen</translation>
  </message>
  <message>
   <source>Rename…</source>
   <translation>Umbenennen…</translation>
  </message>
  <message>
   <source>Note…</source>
   <translation>Notiz…</translation>
  </message>
  <message>
   <source>Compare with the take shown</source>
   <translation>Mit dem gezeigten Take vergleichen</translation>
  </message>
  <message>
   <source>Use its settings again</source>
   <translation>Seine Einstellungen wieder verwenden</translation>
  </message>
  <message>
   <source>Delete</source>
   <translation>Löschen</translation>
  </message>
  <message>
   <source>{0} of {1} frames</source>
   <translation>{0} von {1} Bildern</translation>
  </message>
  <message>
   <source>Timeline</source>
   <translation>Timeline</translation>
  </message>
  <message>
   <source>Show track</source>
   <translation>Spur zeigen</translation>
  </message>
  <message>
   <source>Hide track</source>
   <translation>Spur ausblenden</translation>
  </message>
  <message>
   <source>Unlock track</source>
   <translation>Spur entsperren</translation>
  </message>
  <message>
   <source>Lock track</source>
   <translation>Spur sperren</translation>
  </message>
  <message>
   <source>Slip clip</source>
   <translation>Clipinhalt verschieben</translation>
  </message>
  <message>
   <source>Move shot boundary</source>
   <translation>Einstellungsgrenze verschieben</translation>
  </message>
  <message>
   <source>Move clip</source>
   <translation>Clip verschieben</translation>
  </message>
  <message>
   <source>Trim clip</source>
   <translation>Clip trimmen</translation>
  </message>
  <message>
   <source>draft</source>
   <translation>Entwurf</translation>
  </message>
  <message>
   <source>final</source>
   <translation>Endfassung</translation>
  </message>
  <message>
   <source>Check here</source>
   <translation>Hier prüfen</translation>
  </message>
  <message>
   <source>Drag a clip here from the bin</source>
   <translation>Einen Clip aus dem Clipfenster hierher ziehen</translation>
  </message>
  <message>
   <source>Missing</source>
   <translation>Fehlt</translation>
  </message>
  <message>
   <source>hidden</source>
   <translation>ausgeblendet</translation>
  </message>
  <message>
   <source>locked</source>
   <translation>gesperrt</translation>
  </message>
  <message>
   <source>Not propagated
Ctrl+Enter extends the take</source>
   <translation>Nicht übertragen
Strg+Eingabe dehnt den Take aus</translation>
  </message>
  <message>
   <source>Track</source>
   <translation>Spur</translation>
  </message>
  <message>
   <source>Clip</source>
   <translation>Clip</translation>
  </message>
  <message>
   <source>Frames</source>
   <translation>Bilder</translation>
  </message>
  <message>
   <source>Source from</source>
   <translation>Quelle ab</translation>
  </message>
  <message>
   <source>Take</source>
   <translation>Take</translation>
  </message>
  <message>
   <source>Timecode</source>
   <translation>Timecode</translation>
  </message>
  <message>
   <source>Frame of the source</source>
   <translation>Bild der Quelle</translation>
  </message>
  <message>
   <source>Play or pause (Space)</source>
   <translation>Abspielen oder anhalten (Leertaste)</translation>
  </message>
  <message>
   <source>Wipe</source>
   <translation>Blende</translation>
  </message>
  <message>
   <source>Side by side</source>
   <translation>Beide</translation>
  </message>
  <message>
   <source>Difference</source>
   <translation>Unterschied</translation>
  </message>
  <message>
   <source>Start (Home)</source>
   <translation>Anfang (Pos1)</translation>
  </message>
  <message>
   <source>Previous frame (←)</source>
   <translation>Voriges Bild (←)</translation>
  </message>
  <message>
   <source>Next frame (→)</source>
   <translation>Nächstes Bild (→)</translation>
  </message>
  <message>
   <source>How source and take are compared</source>
   <translation>Wie Quelle und Take verglichen werden</translation>
  </message>
  <message>
   <source>There is no take here yet: press Enter for a draft</source>
   <translation>Hier ist noch kein Take: die Eingabetaste macht einen Entwurf</translation>
  </message>
  <message>
   <source>{0} frames dropped</source>
   <translation>{0} Bilder ausgelassen</translation>
  </message>
  <message>
   <source>Proxy</source>
   <translation>Proxy</translation>
  </message>
  <message>
   <source>How the source is shown</source>
   <translation>Wie die Quelle gezeigt wird</translation>
  </message>
  <message>
   <source>How log or HDR footage is shown here. Runs and exports take it as it is.</source>
   <translation>Wie Log- oder HDR-Material hier gezeigt wird. Läufe und Exporte nehmen es, wie es ist.</translation>
  </message>
  <message>
   <source>Look-up table (.cube)…</source>
   <translation>Look-up-Tabelle (.cube)…</translation>
  </message>
  <message>
   <source>Choose a look-up table</source>
   <translation>Eine Look-up-Tabelle wählen</translation>
  </message>
  <message>
   <source>Show source as</source>
   <translation>Quelle zeigen als</translation>
  </message>
  <message>
   <source>Rec. 709 (as it is)</source>
   <translation>Rec. 709 (wie es ist)</translation>
  </message>
  <message>
   <source>Viewer</source>
   <translation>Bildfenster</translation>
  </message>
  <message>
   <source>Drop a clip, or </source>
   <translation>Einen Clip hier ablegen oder </translation>
  </message>
  <message>
   <source>open the example</source>
   <translation>das Beispiel öffnen</translation>
  </message>
  <message>
   <source>Not yet</source>
   <translation>Noch nicht</translation>
  </message>
  <message>
   <source>Bin</source>
   <translation>Clips</translation>
  </message>
  <message>
   <source>Takes</source>
   <translation>Takes</translation>
  </message>
  <message>
   <source>Ready: {0}</source>
   <translation>Bereit: {0}</translation>
  </message>
  <message>
   <source>The daemon stopped; starting it again…</source>
   <translation>Der Daemon ist stehen geblieben und wird neu gestartet…</translation>
  </message>
  <message>
   <source>No daemon</source>
   <translation>Kein Daemon</translation>
  </message>
  <message>
   <source>Open recent</source>
   <translation>Zuletzt geöffnet</translation>
  </message>
  <message>
   <source>; with a model: {0}</source>
   <translation>; mit einem Modell: {0}</translation>
  </message>
  <message>
   <source>Nothing opened yet</source>
   <translation>Noch nichts geöffnet</translation>
  </message>
  <message>
   <source>Frame {1} is open in {0}. Save it there: it comes back by itself.</source>
   <translation>Bild {1} ist in {0} offen. Dort speichern: Es kommt von selbst zurück.</translation>
  </message>
  <message>
   <source>Double-click a clip in the bin to put it on the timeline.</source>
   <translation>Doppelklick auf einen Clip im Clipfenster legt ihn auf die Timeline.</translation>
  </message>
  <message>
   <source>Go to the frame that shows the thing best. Press E to edit it.</source>
   <translation>Geh zu dem Bild, das die Sache am besten zeigt, und drücke E.</translation>
  </message>
  <message>
   <source>Keyfollow's daemon stopped. It is being started again; running jobs go on from their last frame.</source>
   <translation>Keyfollows Daemon ist stehen geblieben. Er wird neu gestartet; laufende Aufträge gehen vom letzten Bild an weiter.</translation>
  </message>
  <message>
   <source>Queue ({0})</source>
   <translation>Warteschlange ({0})</translation>
  </message>
  <message>
   <source>Press Enter: a draft carries your edit to every other frame.</source>
   <translation>Eingabetaste: ein Entwurf trägt deine Bearbeitung auf alle anderen Bilder.</translation>
  </message>
  <message>
   <source>A video model carries your keyframe on: it learns the clip's motion first, then lets the edited frame move as the source does. For changes of any kind, new things among them; needs weights (Stable Video Diffusion), a large GPU and minutes.</source>
   <translation>Ein Videomodell führt deinen Keyframe fort: Es lernt zuerst die Bewegung des Clips und lässt dann das bearbeitete Bild sich bewegen wie die Quelle. Für Änderungen jeder Art, auch neue Dinge; braucht Gewichte (Stable Video Diffusion), eine große GPU und Minuten.</translation>
  </message>
  <message>
   <source>A part changes: the rest moves as the source does.</source>
   <translation>Ein Teil ändert sich: Der Rest bewegt sich wie die Quelle.</translation>
  </message>
  <message>
   <source>The look changes, shapes and motion stay.</source>
   <translation>Das Aussehen ändert sich, Formen und Bewegung bleiben.</translation>
  </message>
  <message>
   <source>Shapes change, and move in their own way.</source>
   <translation>Formen ändern sich und bewegen sich auf eigene Weise.</translation>
  </message>
  <message>
   <source>Steps</source>
   <translation>Schritte</translation>
  </message>
  <message>
   <source>Denoising steps; a draft takes at most 10.</source>
   <translation>Schritte des Entrauschens; ein Entwurf nimmt höchstens 10.</translation>
  </message>
  <message>
   <source>Guidance</source>
   <translation>Führung</translation>
  </message>
  <message>
   <source>How strongly the keyframe is followed, at a clip's last frame; 1 at its first.</source>
   <translation>Wie streng dem Keyframe gefolgt wird, am letzten Bild eines Clips; 1 an seinem ersten.</translation>
  </message>
  <message>
   <source>Works at as many pixels as a square of this side has: 768 is 1024 x 576.</source>
   <translation>Rechnet mit so vielen Pixeln, wie ein Quadrat dieser Seite hat: 768 ist 1024 x 576.</translation>
  </message>
  <message>
   <source>Length</source>
   <translation>Länge</translation>
  </message>
  <message>
   <source>Frames made together.</source>
   <translation>Bilder, die zusammen entstehen.</translation>
  </message>
  <message>
   <source>Overlap</source>
   <translation>Überlappung</translation>
  </message>
  <message>
   <source>Frames that neighbouring clips share, at most half of them; more than one are blended.</source>
   <translation>Bilder, die benachbarte Clips gemeinsam haben, höchstens die Hälfte; mehr als eines wird gemischt.</translation>
  </message>
  <message>
   <source>Stride</source>
   <translation>Schrittweite</translation>
  </message>
  <message>
   <source>Make every n-th frame; the patch engine fills those between.</source>
   <translation>Jedes n-te Bild wird gemacht; das Verfahren Patch füllt die dazwischen.</translation>
  </message>
  <message>
   <source>Local</source>
   <translation>Örtlich</translation>
  </message>
  <message>
   <source>Where a keyframe changes only a part, leave the rest of every frame untouched.</source>
   <translation>Wo ein Keyframe nur einen Teil ändert, bleibt der Rest jedes Bildes unberührt.</translation>
  </message>
  <message>
   <source>Pixels over which a mask fades in, inside its border.</source>
   <translation>Pixel, über die eine Maske innerhalb ihres Randes einblendet.</translation>
  </message>
  <message>
   <source>Grain</source>
   <translation>Korn</translation>
  </message>
  <message>
   <source>Grain in newly drawn areas; 1 matches the source's.</source>
   <translation>Korn in neu gezeichneten Flächen; 1 entspricht dem der Quelle.</translation>
  </message>
  <message>
   <source>Source features</source>
   <translation>Merkmale der Quelle</translation>
  </message>
  <message>
   <source>How the source's attention is at hand: kept in memory, or computed again at every step; auto keeps what there is room for.</source>
   <translation>Wie die Aufmerksamkeit der Quelle bereitsteht: im Speicher gehalten oder bei jedem Schritt neu berechnet; auto hält, wofür Platz ist.</translation>
  </message>
  <message>
   <source>Precision</source>
   <translation>Genauigkeit</translation>
  </message>
  <message>
   <source>Number format that the network computes in; auto is bf16 on a GPU that has it.</source>
   <translation>Zahlenformat, in dem das Netz rechnet; auto ist bf16 auf einer GPU, die es kann.</translation>
  </message>
  <message>
   <source>Deliver the source plus what was changed, or the model's own picture.</source>
   <translation>Die Quelle samt dem Geänderten ausgeben oder das Bild des Modells selbst.</translation>
  </message>
  <message>
   <source>Training steps</source>
   <translation>Lernschritte</translation>
  </message>
  <message>
   <source>Steps of learning a clip's motion; a draft takes at most 50; 0 learns nothing.</source>
   <translation>Schritte, in denen die Bewegung eines Clips gelernt wird; ein Entwurf nimmt höchstens 50; 0 lernt nichts.</translation>
  </message>
  <message>
   <source>Training size</source>
   <translation>Größe beim Lernen</translation>
  </message>
  <message>
   <source>Learns at as many pixels as a square of this side has: 672 is 896 x 504.</source>
   <translation>Lernt mit so vielen Pixeln, wie ein Quadrat dieser Seite hat: 672 ist 896 x 504.</translation>
  </message>
  <message>
   <source>Training rate</source>
   <translation>Lernrate</translation>
  </message>
  <message>
   <source>Learning rate.</source>
   <translation>Lernrate.</translation>
  </message>
  <message>
   <source>Rank</source>
   <translation>Rang</translation>
  </message>
  <message>
   <source>Rank of the motion LoRA.</source>
   <translation>Rang der LoRA der Bewegung.</translation>
  </message>
  <message>
   <source>Lora targets</source>
   <translation>Ziele der LoRA</translation>
  </message>
  <message>
   <source>What it adds to: temporal attention, as in the paper, or every layer of temporal blocks, as published.</source>
   <translation>Wozu sie beiträgt: zur zeitlichen Aufmerksamkeit, wie in der Arbeit, oder zu jeder Schicht der zeitlichen Blöcke, wie veröffentlicht.</translation>
  </message>
  <message>
   <source>Dropout</source>
   <translation>Dropout</translation>
  </message>
  <message>
   <source>Dropout while learning.</source>
   <translation>Dropout beim Lernen.</translation>
  </message>
  <message>
   <source>Noise levels</source>
   <translation>Rauschstufen</translation>
  </message>
  <message>
   <source>Levels that are learned: evenly from the sampler's, as in the paper, or as published.</source>
   <translation>Stufen, die gelernt werden: gleichmäßig aus denen des Samplers, wie in der Arbeit, oder wie veröffentlicht.</translation>
  </message>
  <message>
   <source>Swapped ids</source>
   <translation>Vertauschte Rollen</translation>
  </message>
  <message>
   <source>Motion and noise in each other's place while learning, as published by mistake.</source>
   <translation>Bewegung und Rauschen beim Lernen vertauscht, wie versehentlich veröffentlicht.</translation>
  </message>
  <message>
   <source>Early stop</source>
   <translation>Früh aufhören</translation>
  </message>
  <message>
   <source>Stop when 50 steps bring the loss down by less than this share; 0 never does.</source>
   <translation>Aufhören, wenn 50 Schritte den Fehler um weniger als diesen Anteil senken; 0 hört nie auf.</translation>
  </message>
  <message>
   <source>Attention matching</source>
   <translation>Aufmerksamkeit angleichen</translation>
  </message>
  <message>
   <source>Attention follows the source's where both look alike.</source>
   <translation>Die Aufmerksamkeit folgt der der Quelle, wo sich beide ähneln.</translation>
  </message>
  <message>
   <source>Threshold</source>
   <translation>Schwelle</translation>
  </message>
  <message>
   <source>How alike: difference from which the edit looks for itself, at a clip's first frame.</source>
   <translation>Wie ähnlich: Unterschied, ab dem die Bearbeitung selbst sucht, am ersten Bild eines Clips.</translation>
  </message>
  <message>
   <source>Threshold end</source>
   <translation>Schwelle am Ende</translation>
  </message>
  <message>
   <source>The same towards its last frame.</source>
   <translation>Dasselbe zum letzten Bild hin.</translation>
  </message>
  <message>
   <source>Stage one</source>
   <translation>Erster Abschnitt</translation>
  </message>
  <message>
   <source>Share of the steps in which all motion is the source's.</source>
   <translation>Anteil der Schritte, in denen alle Bewegung die der Quelle ist.</translation>
  </message>
  <message>
   <source>Stage two</source>
   <translation>Zweiter Abschnitt</translation>
  </message>
  <message>
   <source>Share of the steps in which coarse motion is.</source>
   <translation>Anteil der Schritte, in denen es die grobe Bewegung ist.</translation>
  </message>
  <message>
   <source>Coarse layers</source>
   <translation>Grobe Schichten</translation>
  </message>
  <message>
   <source>What counts as coarse: all layers from a quarter on, or one fewer, as published.</source>
   <translation>Was als grob gilt: alle Schichten ab einem Viertel, oder eine weniger, wie veröffentlicht.</translation>
  </message>
  <message>
   <source>Skip interval</source>
   <translation>Sprungabstand</translation>
  </message>
  <message>
   <source>Later clips see the first one.</source>
   <translation>Spätere Clips sehen den ersten.</translation>
  </message>
  <message>
   <source>Sarp</source>
   <translation>Rauschen vorab</translation>
  </message>
  <message>
   <source>Noise added to smooth areas before they are prepared.</source>
   <translation>Rauschen, das glatten Flächen vor dem Vorbereiten zugefügt wird.</translation>
  </message>
  <message>
   <source>Fps</source>
   <translation>Bilder je Sekunde</translation>
  </message>
  <message>
   <source>Frames a second that the model is told.</source>
   <translation>Bilder je Sekunde, die dem Modell gesagt werden.</translation>
  </message>
  <message>
   <source>Hold colours</source>
   <translation>Farben halten</translation>
  </message>
  <message>
   <source>Where the whole picture changes, hold colours from clip to clip to what the keyframe did.</source>
   <translation>Wo sich das ganze Bild ändert, die Farben von Clip zu Clip bei dem halten, was der Keyframe tat.</translation>
  </message>
  <message>
   <source>Between</source>
   <translation>Dazwischen</translation>
  </message>
  <message>
   <source>Between two keyframes: carry both towards the middle, or the earlier one on.</source>
   <translation>Zwischen zwei Keyframes: beide zur Mitte hin fortführen oder den früheren weiter.</translation>
  </message>
  <message>
   <source>Fade</source>
   <translation>Überblenden</translation>
  </message>
  <message>
   <source>Frames over which they are faded into each other.</source>
   <translation>Bilder, über die sie ineinander überblenden.</translation>
  </message>
  <message>
   <source>Follows the picture's own motion and carries your edit along as a change of colour and light, on the CPU, with no weights to download. Best for recolouring, retouching, decals and grades that follow what is in the picture; strokes over flat areas and styles that redraw edges come out weaker.</source>
   <translation>Folgt der Bewegung des Bildes selbst und nimmt deine Bearbeitung als Änderung von Farbe und Licht mit, auf der CPU, ohne Gewichte zum Herunterladen. Am besten für Umfärben, Retusche, Aufdrucke und Farbkorrekturen, die dem folgen, was im Bild ist; Striche auf glatten Flächen und Stile, die Kanten neu zeichnen, werden schwächer.</translation>
  </message>
  <message>
   <source>A thing recoloured, retouched or decorated; the rest stays.</source>
   <translation>Ein Ding wird umgefärbt, retuschiert oder verziert; der Rest bleibt.</translation>
  </message>
  <message>
   <source>The whole picture changes: no place is left without the edit.</source>
   <translation>Das ganze Bild ändert sich: Keine Stelle bleibt ohne die Bearbeitung.</translation>
  </message>
  <message>
   <source>Strength</source>
   <translation>Stärke</translation>
  </message>
  <message>
   <source>How much of the edit is applied, in every frame; 1 is all of it.</source>
   <translation>Wie viel der Bearbeitung angewandt wird, in jedem Bild; 1 ist alles.</translation>
  </message>
  <message>
   <source>Preset</source>
   <translation>Vorgabe</translation>
  </message>
  <message>
   <source>Local change carries the edit along as a change of colour and light; Style draws every frame anew with the keyframe's own pixels; auto takes Style where the edit redraws the whole picture.</source>
   <translation>Örtliche Änderung (local change) nimmt die Bearbeitung als Änderung von Farbe und Licht mit; Stil (style) zeichnet jedes Bild mit den Pixeln des Keyframes neu; auto nimmt Stil, wo die Bearbeitung das ganze Bild neu zeichnet.</translation>
  </message>
  <message>
   <source>Repaint</source>
   <translation>Neu zeichnen</translation>
  </message>
  <message>
   <source>How far Style draws anew; below 1 it is mixed with the edit carried along.</source>
   <translation>Wie weit Stil neu zeichnet; unter 1 wird es mit der mitgenommenen Bearbeitung gemischt.</translation>
  </message>
  <message>
   <source>Pixels around the tracked edit in which it is completed where tracking is unsure; 0 leaves such places unedited.</source>
   <translation>Pixel um die verfolgte Bearbeitung, in denen sie ergänzt wird, wo die Verfolgung unsicher ist; 0 lässt solche Stellen unbearbeitet.</translation>
  </message>
  <message>
   <source>Change threshold</source>
   <translation>Schwelle der Änderung</translation>
  </message>
  <message>
   <source>Differences from the source up to this (of 255) count as untouched in a keyframe; -1 finds it: 0, or the noise that saving as JPEG left.</source>
   <translation>Unterschiede zur Quelle bis zu diesem Wert (von 255) gelten in einem Keyframe als unberührt; -1 findet ihn: 0 oder das Rauschen, das Speichern als JPEG hinterließ.</translation>
  </message>
  <message>
   <source>Redraws every frame with an image diffusion model that looks at your keyframe and at the frame before, kept in place by depth. For changes of style, material and look, from an edited keyframe, a prompt, or both; needs weights and a GPU.</source>
   <translation>Zeichnet jedes Bild mit einem Diffusionsmodell für Bilder neu, das deinen Keyframe und das vorige Bild ansieht; die Tiefe hält alles an seinem Ort. Für Änderungen von Stil, Material und Aussehen, aus einem bearbeiteten Keyframe, einem Prompt oder beidem; braucht Gewichte und eine GPU.</translation>
  </message>
  <message>
   <source>A part is redrawn; the rest of every frame is left untouched.</source>
   <translation>Ein Teil wird neu gezeichnet; der Rest jedes Bildes bleibt unberührt.</translation>
  </message>
  <message>
   <source>Every frame is redrawn as a whole.</source>
   <translation>Jedes Bild wird als Ganzes neu gezeichnet.</translation>
  </message>
  <message>
   <source>What the edit drew has a shape of its own: depth is taken from it.</source>
   <translation>Was die Bearbeitung zeichnete, hat eine eigene Form: Die Tiefe wird von ihr genommen.</translation>
  </message>
  <message>
   <source>Denoising steps; a draft takes at most 20.</source>
   <translation>Schritte des Entrauschens; ein Entwurf nimmt höchstens 20.</translation>
  </message>
  <message>
   <source>How strongly the prompt is followed; 1 is without guidance.</source>
   <translation>Wie streng dem Prompt gefolgt wird; 1 ist ohne Führung.</translation>
  </message>
  <message>
   <source>Works at as many pixels as a square of this side has.</source>
   <translation>Rechnet mit so vielen Pixeln, wie ein Quadrat dieser Seite hat.</translation>
  </message>
  <message>
   <source>Redraw every n-th frame; the patch engine fills those between.</source>
   <translation>Jedes n-te Bild wird neu gezeichnet; das Verfahren Patch füllt die dazwischen.</translation>
  </message>
  <message>
   <source>Negative prompt</source>
   <translation>Was nicht zu sehen sein soll</translation>
  </message>
  <message>
   <source>What the result should not show.</source>
   <translation>Was das Ergebnis nicht zeigen soll.</translation>
  </message>
  <message>
   <source>Schedule</source>
   <translation>Reihenfolge</translation>
  </message>
  <message>
   <source>Order of the work; all give the same picture. step takes the least memory, wave is quickest on a large GPU.</source>
   <translation>Reihenfolge der Arbeit; alle ergeben dasselbe Bild. step braucht am wenigsten Speicher, wave ist auf einer großen GPU am schnellsten.</translation>
  </message>
  <message>
   <source>Width</source>
   <translation>Breite</translation>
  </message>
  <message>
   <source>Frames in flight of the wave schedule.</source>
   <translation>Bilder, die bei wave gleichzeitig in Arbeit sind.</translation>
  </message>
  <message>
   <source>No injection</source>
   <translation>Nur das eigene Bild</translation>
  </message>
  <message>
   <source>Frames attend to themselves only.</source>
   <translation>Bilder sehen nur sich selbst.</translation>
  </message>
  <message>
   <source>Anchor only</source>
   <translation>Nur der Keyframe</translation>
  </message>
  <message>
   <source>Frames attend to the keyframe only, not to the frame before.</source>
   <translation>Bilder sehen nur den Keyframe, nicht das vorige Bild.</translation>
  </message>
  <message>
   <source>No guidance</source>
   <translation>Ohne Zug</translation>
  </message>
  <message>
   <source>Frames are not pulled towards the frame before.</source>
   <translation>Bilder werden nicht zum vorigen Bild hin gezogen.</translation>
  </message>
  <message>
   <source>Relative pull</source>
   <translation>Zug zur Änderung</translation>
  </message>
  <message>
   <source>With keyframes: that pull is towards the edit of the frame before, not towards its picture.</source>
   <translation>Mit Keyframes: Dieser Zug geht zur Bearbeitung des vorigen Bildes, nicht zu dessen Bild.</translation>
  </message>
  <message>
   <source>Follow source</source>
   <translation>Der Quelle folgen</translation>
  </message>
  <message>
   <source>With keyframes: what they leave alone comes back as it was; takes half as long again.</source>
   <translation>Mit Keyframes: Was sie in Ruhe lassen, kommt wieder, wie es war; dauert anderthalbmal so lang.</translation>
  </message>
  <message>
   <source>Update weight</source>
   <translation>Gewicht des Zugs</translation>
  </message>
  <message>
   <source>Weight of that pull.</source>
   <translation>Gewicht dieses Zugs.</translation>
  </message>
  <message>
   <source>Weight by size</source>
   <translation>Gewicht nach Größe</translation>
  </message>
  <message>
   <source>The pull depends on the working size, as published.</source>
   <translation>Der Zug hängt von der Arbeitsgröße ab, wie veröffentlicht.</translation>
  </message>
  <message>
   <source>Guided share</source>
   <translation>Anteil mit Zug</translation>
  </message>
  <message>
   <source>Share of the steps with that pull.</source>
   <translation>Anteil der Schritte mit diesem Zug.</translation>
  </message>
  <message>
   <source>Guided steps</source>
   <translation>Schritte mit Zug</translation>
  </message>
  <message>
   <source>The same as a number of steps; -1 takes the share.</source>
   <translation>Dasselbe als Zahl von Schritten; -1 nimmt den Anteil.</translation>
  </message>
  <message>
   <source>Fixed target</source>
   <translation>Festes Ziel</translation>
  </message>
  <message>
   <source>Pull towards one step of the frame before, not the same step.</source>
   <translation>Zug zu einem festen Schritt des vorigen Bildes, nicht zum selben Schritt.</translation>
  </message>
  <message>
   <source>Target step</source>
   <translation>Schritt des Ziels</translation>
  </message>
  <message>
   <source>That step.</source>
   <translation>Dieser Schritt.</translation>
  </message>
  <message>
   <source>Reverse</source>
   <translation>Rückwärts</translation>
  </message>
  <message>
   <source>Without a keyframe: the last frame leads, not the first.</source>
   <translation>Ohne Keyframe: Das letzte Bild führt, nicht das erste.</translation>
  </message>
  <message>
   <source>Depth normalisation</source>
   <translation>Maßstab der Tiefe</translation>
  </message>
  <message>
   <source>Depth is scaled once for the clip, which does not flicker, or for each frame, as published.</source>
   <translation>Die Tiefe wird einmal für den Clip skaliert, was nicht flackert, oder für jedes Bild, wie veröffentlicht.</translation>
  </message>
  <message>
   <source>Keyframe depth</source>
   <translation>Tiefe des Keyframes</translation>
  </message>
  <message>
   <source>Depth of a keyframe: the source's, or its own where the edit changes shapes.</source>
   <translation>Tiefe eines Keyframes: die der Quelle oder seine eigene, wo die Bearbeitung Formen ändert.</translation>
  </message>
  <message>
   <source>Steps offset</source>
   <translation>Erster Zeitschritt</translation>
  </message>
  <message>
   <source>First timestep: 0 as published, 1 as the model was made.</source>
   <translation>Erster Zeitschritt: 0 wie veröffentlicht, 1 wie das Modell gemacht wurde.</translation>
  </message>
  <message>
   <source>Noise added to smooth areas before they are prepared; 0.02 helps with flat backgrounds.</source>
   <translation>Rauschen, das glatten Flächen vor dem Vorbereiten zugefügt wird; 0.02 hilft bei flachen Hintergründen.</translation>
  </message>
  <message>
   <source>Redraws a few frames at a time, all of which see one another and your keyframe, and holds them to the source word by word. For changes that a source and a target prompt can name; needs weights (Stable Diffusion 1 or 2) and a GPU.</source>
   <translation>Zeichnet einige Bilder auf einmal neu, die alle einander und deinen Keyframe sehen, und hält sie Wort für Wort an der Quelle. Für Änderungen, die ein Prompt der Quelle und einer des Ergebnisses benennen können; braucht Gewichte (Stable Diffusion 1 oder 2) und eine GPU.</translation>
  </message>
  <message>
   <source>One thing changes; the source is kept away from the words that differ.</source>
   <translation>Ein Ding ändert sich; fern von den Wörtern, die sich unterscheiden, bleibt die Quelle.</translation>
  </message>
  <message>
   <source>Edges stay, colours are free.</source>
   <translation>Kanten bleiben, Farben sind frei.</translation>
  </message>
  <message>
   <source>What the words name may take another shape.</source>
   <translation>Was die Wörter benennen, darf eine andere Form annehmen.</translation>
  </message>
  <message>
   <source>Kind of edit: how much of the source's layout is kept.</source>
   <translation>Art der Änderung: wie viel vom Aufbau der Quelle bleibt.</translation>
  </message>
  <message>
   <source>Prompts</source>
   <translation>Prompts</translation>
  </message>
  <message>
   <source>Prompts that are drawn together with this run's, all of them, one a line: they share the source's part of the work.</source>
   <translation>Prompts, die zusammen mit dem dieses Laufs gezeichnet werden, alle, einer je Zeile: Sie teilen sich den Teil der Arbeit, der die Quelle betrifft.</translation>
  </message>
  <message>
   <source>Inversion</source>
   <translation>Inversion</translation>
  </message>
  <message>
   <source>How the source is held: null_text as published (slow), direct is quick and exact; auto is null_text, in drafts direct.</source>
   <translation>Wie die Quelle gehalten wird: null_text wie veröffentlicht (langsam), direct ist schnell und genau; auto ist null_text, in Entwürfen direct.</translation>
  </message>
  <message>
   <source>Window</source>
   <translation>Fenster</translation>
  </message>
  <message>
   <source>Frames redrawn together.</source>
   <translation>Bilder, die zusammen neu gezeichnet werden.</translation>
  </message>
  <message>
   <source>Frames that windows share; at most a third of a window.</source>
   <translation>Bilder, die Fenster gemeinsam haben; höchstens ein Drittel eines Fensters.</translation>
  </message>
  <message>
   <source>Sampler</source>
   <translation>Sampler</translation>
  </message>
  <message>
   <source>dpm++2m needs fewer steps; only with inversion=direct.</source>
   <translation>dpm++2m braucht weniger Schritte; nur mit inversion=direct.</translation>
  </message>
  <message>
   <source>Null share</source>
   <translation>Null-Text: Anteil</translation>
  </message>
  <message>
   <source>Share of the steps that null-text's embeddings are used in: above 0 the first, else the last.</source>
   <translation>Anteil der Schritte, in denen die Einbettungen von Null-Text gelten: über 0 die ersten, sonst die letzten.</translation>
  </message>
  <message>
   <source>Null inner</source>
   <translation>Null-Text: innere Schritte</translation>
  </message>
  <message>
   <source>Null-text: optimiser steps a step.</source>
   <translation>Null-Text: Schritte des Optimierers je Schritt.</translation>
  </message>
  <message>
   <source>Null rate</source>
   <translation>Null-Text: Lernrate</translation>
  </message>
  <message>
   <source>Null-text: learning rate.</source>
   <translation>Null-Text: Lernrate.</translation>
  </message>
  <message>
   <source>Null cross frame</source>
   <translation>Null-Text: Bilder sehen einander</translation>
  </message>
  <message>
   <source>Null-text: frames see one another meanwhile.</source>
   <translation>Null-Text: Die Bilder sehen einander dabei.</translation>
  </message>
  <message>
   <source>Fixed point steps</source>
   <translation>Fixpunkt: Wiederholungen</translation>
  </message>
  <message>
   <source>fixed_point: times that a step is asked again.</source>
   <translation>fixed_point: wie oft ein Schritt noch einmal gefragt wird.</translation>
  </message>
  <message>
   <source>Inversion prompt</source>
   <translation>Prompt der Inversion</translation>
  </message>
  <message>
   <source>What inversion reads: the source prompt or nothing; auto is nothing for null_text, as published.</source>
   <translation>Was die Inversion liest: den Prompt der Quelle oder nichts; auto ist für null_text nichts, wie veröffentlicht.</translation>
  </message>
  <message>
   <source>Cross frame</source>
   <translation>Sicht auf andere Bilder</translation>
  </message>
  <message>
   <source>What frames see: sparse is first and previous, dense is all; hybrid mixes them as published; dense_few without sparse.</source>
   <translation>Was Bilder sehen: sparse ist das erste und das vorige, dense sind alle; hybrid mischt sie wie veröffentlicht; dense_few ohne sparse.</translation>
  </message>
  <message>
   <source>Dense index</source>
   <translation>Dichte Schichten: Blöcke</translation>
  </message>
  <message>
   <source>Which blocks have a dense layer.</source>
   <translation>Welche Blöcke eine dichte Schicht haben.</translation>
  </message>
  <message>
   <source>Dense layers</source>
   <translation>Dichte Schichten</translation>
  </message>
  <message>
   <source>Dense layers by beginnings of their names, e.g. up_blocks.3, in place of dense_index.</source>
   <translation>Dichte Schichten nach den Anfängen ihrer Namen, z. B. up_blocks.3, statt dense_index.</translation>
  </message>
  <message>
   <source>Dense every</source>
   <translation>Dichte Schichten: jedes n-te Bild</translation>
  </message>
  <message>
   <source>Dense layers see every n-th frame of a window only, and what was given; for long windows.</source>
   <translation>Dichte Schichten sehen nur jedes n-te Bild eines Fensters und was gegeben wurde; für lange Fenster.</translation>
  </message>
  <message>
   <source>Joint group norm</source>
   <translation>Gemeinsame Normierung</translation>
  </message>
  <message>
   <source>Frames share their norms, as published; off is the image model as it was made.</source>
   <translation>Bilder teilen ihre Normierung, wie veröffentlicht; aus ist das Bildmodell, wie es gemacht wurde.</translation>
  </message>
  <message>
   <source>Words</source>
   <translation>Wörter</translation>
  </message>
  <message>
   <source>How target words take the place of source words; auto replaces where both prompts have equally many.</source>
   <translation>Wie Wörter des Ergebnisses an die Stelle von Wörtern der Quelle treten; auto ersetzt, wo beide Prompts gleich viele haben.</translation>
  </message>
  <message>
   <source>Cross replace</source>
   <translation>Ersetzte Wörter</translation>
  </message>
  <message>
   <source>Share of the steps in which replaced words keep the layout; -1 is the preset's.</source>
   <translation>Anteil der Schritte, in denen ersetzte Wörter den Aufbau halten; -1 ist der der Vorgabe.</translation>
  </message>
  <message>
   <source>Cross refine</source>
   <translation>Ergänzte Wörter</translation>
  </message>
  <message>
   <source>The same for refined prompts; -1 is the preset's.</source>
   <translation>Dasselbe für ergänzte Prompts; -1 ist der der Vorgabe.</translation>
  </message>
  <message>
   <source>Self injection</source>
   <translation>Innerhalb der Bilder</translation>
  </message>
  <message>
   <source>The same for self-attention within frames, where there is any; -1 is the preset's.</source>
   <translation>Dasselbe für die Aufmerksamkeit innerhalb der Bilder, wo es sie gibt; -1 ist der der Vorgabe.</translation>
  </message>
  <message>
   <source>Reweight</source>
   <translation>Gewichtete Wörter</translation>
  </message>
  <message>
   <source>Words of the target prompt, stronger or weaker: "snow:2, car:0.5".</source>
   <translation>Wörter des Ergebnis-Prompts, stärker oder schwächer: „snow:2, car:0.5“.</translation>
  </message>
  <message>
   <source>Word shares</source>
   <translation>Anteile einzelner Wörter</translation>
  </message>
  <message>
   <source>Shares of the steps for single words: "snow:0.3".</source>
   <translation>Anteile der Schritte für einzelne Wörter: „snow:0.3“.</translation>
  </message>
  <message>
   <source>Local blend</source>
   <translation>Örtlich mischen</translation>
  </message>
  <message>
   <source>Away from the words that change, keep the source.</source>
   <translation>Fern von den Wörtern, die sich ändern, bleibt die Quelle.</translation>
  </message>
  <message>
   <source>Blend words</source>
   <translation>Wörter zum Mischen</translation>
  </message>
  <message>
   <source>Those words; empty takes the ones that differ.</source>
   <translation>Diese Wörter; leer nimmt die, die sich unterscheiden.</translation>
  </message>
  <message>
   <source>Steady blend</source>
   <translation>Ruhig mischen</translation>
  </message>
  <message>
   <source>Where they look also covers where they look a frame before and after.</source>
   <translation>Wohin sie blicken, umfasst auch, wohin sie ein Bild davor und danach blicken.</translation>
  </message>
  <message>
   <source>Keep values</source>
   <translation>Werte halten</translation>
  </message>
  <message>
   <source>How strongly values are held to the source's; pulls colours back; -1 is the preset's.</source>
   <translation>Wie streng Werte an denen der Quelle gehalten werden; zieht Farben zurück; -1 ist der der Vorgabe.</translation>
  </message>
  <message>
   <source>Keep gradients</source>
   <translation>Kanten halten</translation>
  </message>
  <message>
   <source>How strongly edges are held to the source's; -1 is the preset's.</source>
   <translation>Wie streng Kanten an denen der Quelle gehalten werden; -1 ist der der Vorgabe.</translation>
  </message>
  <message>
   <source>Keep step</source>
   <translation>Schritt des Haltens</translation>
  </message>
  <message>
   <source>Step of that loss.</source>
   <translation>Schrittweite dieses Fehlers.</translation>
  </message>
 </context>
</TS>
