#!/bin/sh
# Waits for the end of the launcher, which holds the other end of standard input, and ends the workerd that it left:
# workerd would go on serving, and the next start would run the same objects a second time.
# $1: the file with workerd's process ID. $2: the start whose workerd is ended; without it, that of any start, at once.
[ $# -lt 2 ] || read -r _
pid=$(cat "$1" 2>/dev/null) || exit 0
# process IDs come back: only a workerd that was started with this very file, or by this very start, is ended
mark="EYRIE_WORKERD_PID_FILE=$1"
[ $# -lt 2 ] || mark="EYRIE_WORKERD_START=$2"
is_ours() { # false too for one that has ended and that nobody collects, as in a container without an init
  if [ -d /proc/self ]; then
    # the order counts: the shell itself complains of a file that is not there
    tr '\000' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "$mark"
  else
    ps eww -o command= -p "$pid" 2>/dev/null | grep -qF "$mark"
  fi
}
is_ours || exit 0
kill -9 "$pid"
while is_ours; do sleep 0.05; done
