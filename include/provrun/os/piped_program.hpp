#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"

namespace provrun::os {

/// A program whose standard output is read; it keeps our standard input and error. Ended with
/// SIGTERM when it is destroyed before finish(). One thread.
class PipedProgram {
 public:
  /// arguments: the program, looked for on PATH, and its own. Error(not_found) when there is none.
  explicit PipedProgram(const std::vector<std::string>& arguments);
  ~PipedProgram();
  PipedProgram(const PipedProgram&) = delete;
  PipedProgram& operator=(const PipedProgram&) = delete;

  /// Waits for bytes; 0 when it has closed its output.
  std::size_t read(std::span<std::uint8_t> buffer);
  /// Waits for its end.
  ProcessEnd finish();

 private:
  File output_;
  std::string name_;
  pid_t pid_ = -1;
};

/// Waits for bytes on our standard input; 0 at its end.
std::size_t read_standard_input(std::span<std::uint8_t> buffer);
/// All of it; Error(invalid_input) above the limit.
std::string read_all_standard_input(std::uint64_t limit);

/// Lowers the priority of this process by so much (nice(2)).
void lower_priority(int by);

}  // namespace provrun::os
