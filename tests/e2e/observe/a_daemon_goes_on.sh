# What a command leaves in the background goes on after exec has ended, and its calls are answered.
echo data > in.txt
ok provrun exec -- sh -c '(until [ -e go ]; do sleep 0.05; done; cat in.txt > late.txt) > /dev/null 2>&1 &'
touch go
for _ in $(seq 200); do [ -s late.txt ] && break; sleep 0.05; done
expect_file late.txt data
