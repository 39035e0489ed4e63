#!/bin/sh
# Waits for the end of the launcher, which holds the other end of standard input, and ends the workerd that it left:
# workerd would go on serving, and the next start would run the same objects a second time.
# $1: the file with workerd's process ID. With a second argument it does not wait.
[ $# -gt 1 ] || read -r _
pid=$(cat "$1" 2>/dev/null) || exit 0
# process IDs come back: only a workerd is ended
if [ -r "/proc/$pid/cmdline" ]; then
  grep -q workerd "/proc/$pid/cmdline" || exit 0
else
  case $(ps -o command= -p "$pid" 2>/dev/null) in *workerd*) ;; *) exit 0 ;; esac
fi
kill -9 "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
