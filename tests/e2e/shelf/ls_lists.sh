# ls: everything, a folder, a depth, the folder itself; people see sizes and owners, machines all of it.
pipeline <<'YAML'
provrun: 1
steps:
  a:
    outputs: [out/deep/x.txt, out/y.bin, link]
    run: |
      mkdir -p out/deep; printf 0123456789 > out/deep/x.txt; head -c 12345 /dev/zero > out/y.bin; ln -sf out/y.bin link
      chmod 640 out/y.bin; touch -d 2001-02-03T04:05:06Z out/deep/x.txt out/y.bin
YAML
ok provrun run
ok provrun ls latest:out
sed -i '/deep\/$/s/20[0-9-]*T[0-9:]*/TIME/' "$out"
expect_out 'd0755              TIME  out/deep/
-0644        10 B  2001-02-03T04:05:06  out/deep/x.txt
-0640     12.3 kB  2001-02-03T04:05:06  out/y.bin'
ok provrun ls -b latest:out/y.bin
expect_out '-0640           12345  2001-02-03T04:05:06  out/y.bin'
ok provrun ls --depth 1 latest:out
lacks "$out" x.txt
has "$out" out/y.bin
ok provrun ls -d latest:out
[ "$(wc -l < "$out")" = 1 ] || fail 'one line is expected'
js ls latest
expect_json 'any(.path == "link" and .kind == "symlink" and .target == "out/y.bin")
  or any(.path == "link" and .kind == "file")'
expect_json 'any(.path == "out/y.bin" and .size == 12345 and .mode == "0640" and .modified == "2001-02-03T04:05:06.000Z")'
fails 6 provrun ls latest:nothing
expect_err "provrun: error: latest has no nothing
hint: 'provrun ls latest' lists its files"
fails 2 provrun ls latest --depth 0
fails 2 provrun ls
fails 2 provrun cat latest
expect_err 'provrun: error: a file is named as SNAPSHOT:PATH'
fails 2 provrun cat latest:out
expect_err 'provrun: error: out is no file'
