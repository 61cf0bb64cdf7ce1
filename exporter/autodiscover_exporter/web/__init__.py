"""HTTP: sockets, connections and messages. Nothing here knows what is served."""
