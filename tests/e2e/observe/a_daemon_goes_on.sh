# What a command leaves in the background goes on after exec has ended, and its calls are answered: programs that it
# starts then find their LD_PRELOAD.
echo data > in.txt
ok provrun exec -- sh -c '(until [ -e go ]; do sleep 0.05; done; cat in.txt > late.txt; touch end) > /dev/null 2> late.err &'
touch go
wait_for test -e end
expect_file late.txt data
expect_file late.err ''
