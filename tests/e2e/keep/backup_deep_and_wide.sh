# Paths longer than the system takes, folders in folders, and many names in one folder.
python3 - <<'PY'
import os
os.makedirs("d/wide")
for i in range(20000):
    open(f"d/wide/{i}", "w").close()
os.mkdir("d/deep")
top = os.open("d/deep", os.O_RDONLY)
at = os.dup(top)
for i in range(300):
    name = "n" * 100
    os.mkdir(name, dir_fd=at)
    next_ = os.open(name, os.O_RDONLY, dir_fd=at)
    os.close(at)
    at = next_
os.close(os.open("bottom", os.O_WRONLY | os.O_CREAT, dir_fd=at))
PY
ok provrun --repo r init
js --repo r backup d
expect_summary files=20001 directories=303 errors=0
js --repo r restore latest --into out
expect_summary files=20001 errors=0
js --repo r backup d
expect_summary unmodified_files=20001 read_bytes=0
ulimit -n 100
js --repo r backup d --force
expect_summary files=20001 errors=0
