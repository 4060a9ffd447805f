# Writers and prunes as real processes, stopped, continued and killed at random for some seconds:
# every snapshot that was acknowledged can be read back whole.
ok provrun init
cat > writer.sh <<'SH'
mkdir -p "w$1" && cd "w$1" || exit 1
ln -sfn ../.provrun/repository repo
printf 'provrun: 1\nname: w%s\nsteps:\n  s: {inputs: in.bin, outputs: out.txt, run: "wc -c {inputs} > {outputs}"}\n' "$1" > pipeline.yaml
end=$((SECONDS + 12))
while [ $SECONDS -lt $end ]; do
  # Half of it comes again, so that packs of others are relied on.
  { cat ../common.bin; head -c 20000 /dev/urandom; } > in.bin
  PROVRUN_REPO=$OLDPWD/.provrun/repository "$PROVRUN" run -q 2>> ../errors
done
SH
cat > pruner.sh <<'SH'
end=$((SECONDS + 12))
while [ $SECONDS -lt $end ]; do
  "$PROVRUN" forget --keep-last 2 --keep-forgotten 0 -q 2>> errors
  "$PROVRUN" prune --keep-trash 0 --max-unused 0% -q 2>> errors
done
SH
head -c 300000 /dev/urandom > common.bin
pids=
for i in 1 2; do bash writer.sh $i & pids="$pids $!"; done
for i in 1 2; do bash pruner.sh & pids="$pids $!"; done
RANDOM=7
end=$((SECONDS + 11))
while [ $SECONDS -lt $end ]; do
  sleep 0.0$((RANDOM % 9 + 1))
  # One of the programs these shells run.
  for shell in $pids; do
    child=$(pgrep -P "$shell" -f "$PROVRUN" | head -n 1)
    [ "$child" ] || continue
    case $((RANDOM % 12)) in
      0) kill -KILL "$child" 2> /dev/null ;;
      1 | 2 | 3) { kill -STOP "$child" && sleep 0.$((RANDOM % 4)) && kill -CONT "$child"; } 2> /dev/null ;;
    esac
  done
done
for shell in $pids; do wait "$shell"; done
grep -v 'pruned while\|conflict\|other prunes' errors | grep -i 'corrupt\|damaged\|internal\|not in the' && fail 'an error was not as expected'
n=0
for id in $(provrun snapshots --json | jq -r .snapshot); do
  ok provrun verify "$id"
  n=$((n + 1))
done
[ "$n" -ge 2 ] || fail "only $n snapshots"
ok provrun prune --keep-trash 0 --max-unused 0%
for id in $(provrun snapshots --json | jq -r .snapshot); do ok provrun verify "$id"; done
