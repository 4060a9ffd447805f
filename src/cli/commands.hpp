#pragma once

#include "command.hpp"
#include "provrun/app/spool.hpp"

// The verbs; each in a file with its kin.
namespace provrun::cli {

int command_run(const Call& call);
int command_plan(const Call& call);
int command_status(const Call& call);
int command_why(const Call& call);

int command_log(const Call& call);
int command_show(const Call& call);
int command_env(const Call& call);
int command_diff(const Call& call);
/// diff of two runs: parameters, environment, steps.
int diff_of_runs(const Call& call, const std::vector<std::string>& words, bool exit_code);

int command_lineage(const Call& call);
int command_graph(const Call& call);
int command_lint(const Call& call);
int command_clean(const Call& call);

int command_backup(const Call& call);
int command_restore(const Call& call);
int command_ls(const Call& call);
int command_cat(const Call& call);
int command_find(const Call& call);
int command_stats(const Call& call);
int command_mount(const Call& call);
int command_export(const Call& call);
int command_import(const Call& call);
int command_snapshots(const Call& call);
int command_verify(const Call& call);
int command_repair(const Call& call);
int command_check(const Call& call);
/// What was taken up from the spool; always: also when it was nothing.
void show_spool_report(Console& console, const app::SpoolReport& report, bool always);

int command_forget(const Call& call);
int command_undelete(const Call& call);
int command_hold(const Call& call);
int command_prune(const Call& call);
int command_parity(const Call& call);

int command_exec(const Call& call);
int command_sbatch(const Call& call);
int command_make(const Call& call);
int command_reproduce(const Call& call);

int command_init(const Call& call);
int command_doctor(const Call& call);
int command_completion(const Call& call);
int command_help(const Call& call);

}  // namespace provrun::cli
