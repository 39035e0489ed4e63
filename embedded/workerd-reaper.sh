#!/bin/sh
# Waits for the end of the launcher, which holds the other end of standard input, and ends the workerd that it left:
# workerd would go on serving, and the next start would run the same objects a second time.
# $1: the file with workerd's process ID. With a second argument it does not wait.
[ $# -gt 1 ] || read -r _
pid=$(cat "$1" 2>/dev/null) || exit 0
# process IDs come back: only the workerd that was started with this very file is ended
mark="EYRIE_WORKERD_PID_FILE=$1"
if [ -d /proc/self ]; then
  # the order counts: the shell itself complains of a file that is not there
  tr '\000' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "$mark" || exit 0
else
  ps eww -o command= -p "$pid" 2>/dev/null | grep -qF "$mark" || exit 0
fi
kill -9 "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
