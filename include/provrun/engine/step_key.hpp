#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "provrun/codec/json.hpp"
#include "provrun/core/record.hpp"

namespace provrun::engine {

/// Everything that decides a step's result.
struct KeyParts {
  std::vector<std::string> run;  ///< expanded scripts, secrets replaced by keyed hashes
  std::vector<std::string> shell;
  std::string directory;  ///< relative to the pipeline
  std::string until;      ///< the condition of `repeat`; empty without
  std::string stdin_path;
  std::string stdout_path;
  std::string stderr_path;
  std::vector<std::pair<std::string, core::ContentId>> inputs;  ///< in declaration order
  std::vector<std::string> outputs;
  std::vector<std::string> discovered;  ///< patterns of what is discovered
  codec::Json parameters;               ///< those the step uses
  std::vector<std::pair<std::string, std::optional<std::string>>>
      environment;  ///< unset ones are nullopt
};

/// The key document, version 1 (docs/formats/step-key.md). Its canonical form (RFC 8785) is hashed.
codec::Json key_document(const KeyParts& parts);
/// The document of an execution whose inputs changed while it ran: no decision ever has its key, so
/// its outputs are never taken for the result of these inputs.
codec::Json with_unstable_inputs(codec::Json document, const std::vector<std::string>& paths);
/// SHA-256 of the canonical form.
hash::Digest step_key(const codec::Json& document);

/// The smallest difference between two key documents that explains why their keys differ. Causes
/// come before consequences: a changed parameter is named, not the command it changed.
core::Reason explain_difference(const codec::Json& before, const codec::Json& after);

/// All differences, in the same order; empty for equal documents.
std::vector<core::Reason> list_differences(const codec::Json& before, const codec::Json& after);

}  // namespace provrun::engine
