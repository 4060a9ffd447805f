# A cut list of removed packs keeps writers away, and says which file it is; reading goes on.
chain
ok provrun run -q
list=.provrun/repository/epochs/1/tombstones.zst
chmod u+w $list
truncate -s 10 $list
ok provrun verify latest
ok provrun log
touch in.txt
echo more >> in.txt
fails 5 provrun run
expect_err "provrun: error: the run could not be recorded: epochs/1/tombstones.zst of the repository is damaged: zstd frame is cut short
hint: it tells which packs were removed: bring it back from a copy of the repository; what is recorded can still be read and restored"
