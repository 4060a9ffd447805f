#include "provrun/capture/script.hpp"

#include <algorithm>

#include "shell_scanner.hpp"

namespace provrun::capture {

std::vector<std::string> programs_of_script(std::string_view script) {
  ScriptFindings findings;
  ShellScanner(script, findings, 0).scan_commands();
  // A function may be called in a text place before its definition: inside of another function.
  auto& programs = findings.programs;
  programs.erase(
      std::remove_if(programs.begin(), programs.end(),
                     [&](const std::string& name) { return findings.functions.count(name) > 0; }),
      programs.end());
  return std::move(programs);
}

}  // namespace provrun::capture
