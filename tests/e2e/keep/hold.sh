# What is held is neither forgotten by name nor by rules, until it is released.
chain
ok provrun run
echo four >> in.txt
ok provrun run
first=$(provrun snapshots --json | jq -r .snapshot | tail -n 1)
fails 2 provrun hold add "$first"
fails 2 provrun hold add --reason x
js hold add "$first" --reason 'figure 3'
hold=$(json '.[0].hold')
expect_json '.[0].snapshots|length == 1'
fails 7 provrun forget "$first"
expect_err "provrun: error: snapshot ${first:0:16} is held: figure 3
hint: 'provrun hold release $hold' ends that"
js forget --keep-last 1
expect_summary forgotten=0 kept=2
has "$out" 'hold: figure 3'
js hold list
expect_json 'length == 1'
fails 6 provrun hold release ffffffff
js hold release "${hold:0:6}" --reason 'printed'
ok provrun forget "$first"
# One on all that fit keeps in the trash what was forgotten before.
ok provrun undelete "$first"
ok provrun forget "$first" --keep-forgotten 0
ok provrun hold add --run any --reason 'audit'
ok provrun prune --keep-trash 0
ok provrun undelete "$first"
ok provrun verify "$first"
