#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace provrun::os {

/// Sends what is written to standard output through another program, in our process group, so that
/// it has the terminal. Before the destructor all must have been written: it puts the old standard
/// output back and waits for the program, which people end when they have read enough. One at a
/// time in a process.
class Pager {
 public:
  /// argv of the program, found on PATH; nullptr when it cannot be started. defaults: variables for
  /// it where ours has none of the name.
  static std::unique_ptr<Pager> start(
      const std::vector<std::string>& arguments,
      const std::vector<std::pair<std::string, std::string>>& defaults);
  ~Pager();
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

  /// Whether it has ended: nobody reads on.
  bool ended();

 private:
  struct State;
  explicit Pager(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A command as people write it in PAGER: its words, or for the shell when it has signs for one.
/// Empty for "" and "cat", which mean none.
std::vector<std::string> pager_words(const std::string& command);

}  // namespace provrun::os
