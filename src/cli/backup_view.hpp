#pragma once

#include <chrono>

#include "console.hpp"
#include "provrun/app/backup.hpp"

namespace provrun::cli {

/// What a backup shows: a line while it works (redrawn on a terminal, a plain one every ten
/// seconds elsewhere), and what came of it.
class BackupView {
 public:
  BackupView(Console& console, bool dry_run);

  /// For the backup; empty when nothing is to be shown.
  app::BackupProgressSink sink();
  void finished(const app::BackupSummary& summary);
  void interrupted();

 private:
  void progress(const app::BackupProgress& progress);
  void show_problems(const snapshot::ArchiveReport& report);

  Console& console_;
  const bool dry_run_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds shown_;
};

}  // namespace provrun::cli
