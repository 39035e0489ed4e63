#!/bin/sh
# Becomes workerd. Its process ID is written down first, so that it can be ended when the launcher is gone
# (workerd-reaper.sh, and the next start). A Ctrl-C goes to the whole terminal group; only the launcher answers it.
trap '' INT TERM HUP
echo "$$" >"$EYRIE_WORKERD_PID_FILE.new" && mv "$EYRIE_WORKERD_PID_FILE.new" "$EYRIE_WORKERD_PID_FILE" || exit 1
exec "$EYRIE_WORKERD" "$@"
