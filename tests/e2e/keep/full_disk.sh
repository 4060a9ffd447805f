# With no space left, ls, restore and verify work, and forget and prune make room.
unshare -rm true 2> /dev/null || skip 'no user namespaces'
mkdir small
cat > inside.sh <<'SH'
mount -t tmpfs -o size=24m none small || exit 77
cp pipeline.yaml small/ && cd small || exit 77
head -c 4000000 /dev/urandom > in.txt
"$PROVRUN" run -q || exit 1
head -c 4000000 /dev/urandom > in.txt
"$PROVRUN" run -q || exit 1
"$PROVRUN" prune -q || exit 1  # makes the reserve
cat /dev/zero > fill 2> /dev/null
[ "$(df --output=avail . | tail -n 1)" -lt 8 ] || exit 1
"$PROVRUN" ls latest > /dev/null; echo "ls $?"
"$PROVRUN" restore latest --into /tmp/there-$$ -q; echo "restore $?"; rm -rf /tmp/there-$$
"$PROVRUN" verify latest -q; echo "verify $?"
"$PROVRUN" forget latest~1 --keep-forgotten 0 -q > /dev/null; echo "forget $?"
"$PROVRUN" prune --keep-trash 0 -q; echo "prune $?"
[ "$(df --output=avail . | tail -n 1)" -gt 3000 ]; echo "room $?"
"$PROVRUN" verify latest -q; echo "verify $?"
SH
pipeline <<'YAML'
provrun: 1
name: full
steps:
  s: {inputs: in.txt, outputs: out.txt, run: "wc -c {inputs} > {outputs}"}
YAML
run unshare -rm bash inside.sh
[ "$code" != 77 ] || skip 'no mount'
expect_out 'ls 0
restore 0
verify 0
forget 0
prune 0
room 0
verify 0'
