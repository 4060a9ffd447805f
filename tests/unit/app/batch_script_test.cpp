#include "provrun/app/batch_script.hpp"

#include "provrun/app/slurm_jobs.hpp"
#include "provrun/base/error.hpp"
#include "support/catch.hpp"

using namespace provrun;
using Words = std::vector<std::string>;

TEST_CASE("the script is the first word that is no option of sbatch and no option's value") {
  const auto parsed =
      app::parse_batch_words({"-Qv", "-n", "4", "--time=5", "--mem", "1G", "--exclusive", "-J",
                              "--odd", "-N2", "run.sh", "-n", "--", "x"});
  CHECK(parsed.script == "run.sh");
  CHECK(parsed.arguments == Words{"-n", "--", "x"});
  CHECK(parsed.options ==
        Words{"-Qv", "-n", "4", "--time=5", "--mem", "1G", "--exclusive", "-J", "--odd", "-N2"});
  CHECK_FALSE(parsed.wrapped);
  CHECK(app::parse_batch_words({"-QW", "run.sh"}).script == "run.sh");
  CHECK(app::parse_batch_words({"--", "-odd-name"}).script == "-odd-name");
  CHECK(app::wants_standard_input({"--hold"}));
}

TEST_CASE("a wrapped command is no option that sbatch gets") {
  for (const auto& words :
       {Words{"-W", "--wrap=a b", "-n1"}, Words{"-W", "--wrap", "a b", "-n1"}}) {
    const auto parsed = app::parse_batch_words(words);
    CHECK(parsed.wrapped == "a b");
    CHECK(parsed.options == Words{"-W", "-n1"});
  }
  CHECK_THROWS_AS(app::parse_batch_words({"--wrap=x", "run.sh"}), base::Error);
  CHECK_THROWS_AS(app::parse_batch_words({"--time"}), base::Error);
}

TEST_CASE("what is submitted has the head of the user's script and one command") {
  CHECK(app::submitted_script(
            "#!/bin/bash -l\n#SBATCH -n 2\n\n  # note\n#SBATCH --time=5\necho x\n#SBATCH -n 9\n",
            {"/opt/my provrun", "it's"}) ==
        "#!/bin/sh\n#SBATCH -n 2\n  # note\n#SBATCH --time=5\nexec '/opt/my provrun' 'it'\\''s' "
        "\"$@\"\n");
}

TEST_CASE("a script is run by the interpreter of its first line") {
  CHECK(app::interpreter_of("#!/bin/sh\nx", "s") == Words{"/bin/sh"});
  CHECK(app::interpreter_of("#! /usr/bin/env -S bash -e \nx", "s") ==
        Words{"/usr/bin/env", "-S bash -e"});
  for (const std::string_view bad : {"echo x\n", "#!\n", "#!   \nx", "", "#!/bin/sh\r\nx\r\n"})
    CHECK_THROWS_AS(app::interpreter_of(bad, "s"), base::Error);
  CHECK_THROWS_AS(app::interpreter_of(std::string_view("#!/bin/sh\n\0", 11), "s"), base::Error);
}

TEST_CASE("an answer of squeue is believed whole or not at all") {
  const auto states = app::parse_job_states("12|RUNNING\n 13|OUT_OF_MEMORY \n\n");
  REQUIRE(states);
  CHECK(*states == app::JobStates{{"12", "RUNNING"}, {"13", "OUT_OF_MEMORY"}});
  CHECK(app::parse_job_states("")->empty());
  for (const auto* bad :
       {"12", "12|", "|RUNNING", "12|RUNNING\nslurm_load_jobs error", "12_3|RUNNING", "12|Running",
        "12|RUNNING|x", "999999999999999999999|RUNNING"})
    CHECK_FALSE(app::parse_job_states(bad));
  CHECK(app::is_end_state("TIMEOUT"));
  CHECK_FALSE(app::is_end_state("COMPLETING"));
  CHECK_FALSE(app::is_end_state(""));
}
