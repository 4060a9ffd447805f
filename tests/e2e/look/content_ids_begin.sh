# A content id may be given by its beginning, to show and to lineage; one of several contents is said to be.
chain
ok provrun run -q
id=$(sha256sum < b.txt | cut -c1-64)
for name in "$id" "sha256:$id" "${id:0:9}" "sha256:${id:0:20}" "${id:0:40}"; do
  js show "$name"
  expect_json '[.[].path] == ["b.txt"] and .[0].type == "artifact"'
  js lineage up "$name"
  expect_json 'map(select(.relation == "generated")) | map(.path) | contains(["b.txt"])'
done
other=$(printf '%s' "${id:0:12}" | tr 0-9a-f 1-9a-f0)
fails 6 provrun show "$other"
fails 6 provrun lineage up "$other"
fails 6 provrun lineage up "${id:0:3}"
# A run by the beginning of its id, and the run of each use.
first=$(last_run)
js lineage up "${first:0:23}"
expect_json 'length > 0'
ok provrun lineage up c.txt
has "$out" "used b.txt ${id:0:12} in run $first"
# Two contents that begin alike.
ok provrun exec -o one -o two -- sh -c 'echo 10669 > one; echo 13650 > two'
fails 1 provrun show fac659
expect_err "provrun: error: more than one content id begins with 'fac659'
hint: give more of its digits"
fails 1 provrun lineage up sha256:fac6
js show "$(sha256sum < one | cut -c1-12)"
expect_json 'map(.path) == ["one"]'
