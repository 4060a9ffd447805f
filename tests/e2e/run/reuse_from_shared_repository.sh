# Another checkout with the same repository gets the results without computing them.
mkdir one two repo-parent
repo=$PWD/repo-parent/repo
ok provrun --repo "$repo" init
cd one && chain
ok provrun --repo "$repo" run
expect_ran a b c d
cd ../two && chain
js --repo "$repo" run
expect_summary executed=0 reused=4 failed=0
expect_ran
expect_same c.txt ../one/c.txt
