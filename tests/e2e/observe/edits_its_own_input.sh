# A script that edits its own input: the record has the version that it read, and what it made of it.
traced_or_skip
echo before > notes
pipeline <<'YAML'
provrun: 1
steps:
  edit: {run: "old=$(cat notes); echo \"$old, after\" > notes"}
YAML
ok provrun run
js show edit
# Gone before anybody could look whether a secret was in it: what stands for it says as much here as its hash.
before=$(keyed_id "$(echo before | sha256sum | cut -d' ' -f1)")
after=sha256:$(sha256sum < notes | cut -d' ' -f1)
expect_json "[.[]|select(.type==\"execution\")|.inputs[]|select(.path==\"notes\").content]==[\"$before\"]"
expect_json "[.[]|select(.type==\"execution\")|.outputs[]|select(.path==\"notes\").content]==[\"$after\"]"
js run
expect_summary up_to_date=1
