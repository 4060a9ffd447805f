#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/capture/run_program.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::capture {

enum class InterpreterKind { python, r, julia };
std::string_view name_of(InterpreterKind kind);
/// From a program's file name: "python3.11", "Rscript", "julia"; nullopt for other programs.
std::optional<InterpreterKind> interpreter_kind(std::string_view program_path);

struct LanguagePackage {
  std::string name;
  std::string version;
  std::string source;  ///< "python", "conda", "r" or "julia"; conda builds as "conda:CHANNEL/BUILD"
  auto operator<=>(const LanguagePackage&) const = default;
};

/// What an interpreter had at hand. JSON: {"kind", "program", "version", "conda_prefix", "project",
/// "packages": [{"name", "version", "source"}], "note"}; see docs/formats/run-record.md.
struct InterpreterPackages {
  InterpreterKind kind = InterpreterKind::python;
  std::string program;
  std::string version;                    ///< of the interpreter; "" when not known
  std::string conda_prefix;               ///< of the conda environment it belongs to; else ""
  std::string project;                    ///< Julia: the folder of the Manifest.toml
  bool complete = false;                  ///< false: the list is not all, note says why
  std::vector<LanguagePackage> packages;  ///< sorted by name, then version
  std::string note;
};
codec::Json to_json(const InterpreterPackages& packages);

struct InterpreterQuery {
  std::string program;            ///< path or name of the interpreter
  std::string working_directory;  ///< where the step runs: Julia looks upwards from there
  /// Variables of the step that count for the answer (CONDA_PREFIX, PYTHONPATH, VIRTUAL_ENV,
  /// R_LIBS, R_LIBS_USER, JULIA_PROJECT), set for the helper process.
  std::vector<std::pair<std::string, std::string>> environment;
  std::chrono::milliseconds timeout{5000};
  /// A folder where answers of Python are kept for as long as nothing that they came from changed;
  /// empty: it is asked each time.
  std::string kept = {};
};

/// Asks the interpreter (Python, R: one process each) or reads its files (conda, Julia). Never
/// throws for what the interpreter or its files do: note says why something is not known.
InterpreterPackages interpreter_packages(InterpreterKind kind, const InterpreterQuery& query,
                                         const RunProgram& run_program);

/// Parsers of foreign bytes; each passes over what it does not understand and never throws.
std::optional<LanguagePackage> parse_conda_meta(std::string_view json);
std::optional<LanguagePackage> parse_r_description(std::string_view text);
std::vector<LanguagePackage> parse_julia_manifest(std::string_view toml);

}  // namespace provrun::capture
