# Other scripts source this file. The function `wnlstm` runs the program on the folder $runs. A signal to the script is
# passed to the program, which then writes its checkpoints and stops.
child=
for signal in HUP INT QUIT TERM USR1 USR2 XCPU; do
  trap "if [ -n \"\$child\" ]; then kill -s $signal \"\$child\"; else exit $((128 + $(kill -l $signal))); fi" "$signal"
done

wnlstm() {
  node bin/wnlstm.js "$@" --runs "$runs" &
  child=$!
  local code=0
  # A signal interrupts `wait`, so wait again while the program runs.
  while kill -0 "$child" 2>/dev/null; do wait "$child" && code=0 || code=$?; done
  child=
  return "$code"
}
