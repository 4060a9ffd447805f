# The beginning of several runs' ids is said to be that, not to be unknown.
ok provrun exec -- true
ok provrun exec -- true
id=$(provrun log -n 1 | cut -c-4)
fails 2 provrun show "$id"
has "$err" "'$id' is the beginning of 2 runs' ids"
fails 2 provrun lineage up "$id"
has "$err" "'$id' is the beginning of 2 runs' ids"
fails 6 provrun show 00
fails 6 provrun show nosuch
