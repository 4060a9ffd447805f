# A named input that the command changes before it is stored: the run could not be recorded, said so.
head -c 30000000 /dev/zero > in.bin
fails 125 provrun exec --input in.bin -- sh -c 'echo more >> in.bin'
expect_err_like "provrun: error: the run could not be recorded: HERE/in.bin changed before it was stored
hint: nothing else may write the files of a step; see 'provrun help run'"
