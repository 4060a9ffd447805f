# Everything a folder can hold comes back as it was: rsync finds no difference.
command -v rsync > /dev/null || skip 'no rsync'
mkdir -p src/a/b "src/with space" src/empty
printf 'one\n' > src/a/file
ln src/a/file src/a/b/second-name
ln -s ../nowhere src/a/link
ln src/a/link src/a/link-again 2> /dev/null
mkfifo src/a/fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("src/a/socket")'
head -c 3000000 /dev/urandom > src/large
truncate -s 5M src/sparse
printf 'in the middle' | dd of=src/sparse bs=1 seek=2000000 conv=notrunc status=none
printf x > $'src/new\nline'
printf x > $'src/not utf-8 \xff\xfe'
printf x > 'src/-dash $(id) "quote"'
: > src/nothing
chmod 4750 src/a/file
chmod 1777 src/empty
touch -d '2001-02-03 04:05:06.789012345' src/a/file src/a/b
touch -hd '1969-12-31 12:00:00.5 UTC' src/a/link
setfattr -n user.origin -v here src/a/file 2> /dev/null && setfattr -n user.folder -v yes src/a
setfacl -m u:1:r src/large 2> /dev/null && setfacl -d -m g:2:rx src/empty
if [ "$(id -u)" = 0 ]; then
  chown -h 12345:54321 src/a/link
  chown 1:2 src/large
  mknod src/a/device c 1 3 2> /dev/null || :
fi
ok provrun --repo r init
ok provrun --repo r backup src
has "$out" snapshot
ok provrun --repo r restore latest --into out
ok rsync -aHAXS --checksum --dry-run --itemize-changes --delete src/ out/src/
expect_out ''
ok provrun --repo r verify latest

# A second one opens nothing and stores nothing new.
js --repo r backup src
expect_summary new_files=0 changed_files=0 read_bytes=0 errors=0 unchanged=true

# The folder itself as the root keeps its own mode and time.
chmod 0711 src
touch -d '2010-10-10 10:10:10.123456789' src
(cd src && ok provrun --repo ../r backup .)
ok provrun --repo r restore latest --into whole
ok rsync -aHAXS --checksum --dry-run --itemize-changes --delete src/ whole/
expect_out ''
