#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/app/archive.hpp"
#include "provrun/core/record.hpp"

// Which installed software executions used, with its versions of then. docs/formats/observation.md.
namespace provrun::app {

/// Software with the files of it that were used; one without a manager is the files that no package
/// owns.
struct Software {
  std::string manager;  ///< "dpkg", "rpm", "python", "r", "node", "java" or ""
  std::string name;
  std::string version;
  std::string architecture;
  std::vector<std::string> files;  ///< absolute, sorted
};
std::string software_text(const std::vector<Software>& software);
/// Lines that cannot be read are passed over.
std::vector<Software> parse_software(std::string_view text);

/// What a used file of software is.
enum class SoftwareKind { program, library, module, file };
std::string_view name_of(SoftwareKind kind);

/// Software as a person looks at it.
struct UsedSoftware {
  Software software;
  SoftwareKind kind = SoftwareKind::file;  ///< the first of these that any of its files is
  std::map<std::string, core::ContentId> contents;
};
struct SoftwareView {
  std::string title;                   ///< the run, or the step with its run
  bool complete = true;                ///< false: some executions were not observed, or not whole
  std::vector<UsedSoftware> software;  ///< sorted by kind, name and manager
};
/// What a run, or the last execution of a step (with `@RUN` that of a run), used.
/// Throws Error(not_found).
SoftwareView software_of(Archive& archive, const std::string& word);

struct SoftwareChange {
  std::string manager;
  std::string name;    ///< a package, or a file that none owns
  std::string before;  ///< its version, or its content; empty: it was not used
  std::string after;
};
std::vector<SoftwareChange> compare_software(const SoftwareView& a, const SoftwareView& b);

/// Replaces the contents in a reason of kind observed_software by packages and versions where they
/// are known.
class SoftwareNames {
 public:
  explicit SoftwareNames(Archive* archive);
  ~SoftwareNames();
  void improve(core::Reason& reason, const core::ExecutionId& last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::app
