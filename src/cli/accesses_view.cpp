#include "accesses_view.hpp"

#include <map>

#include "provrun/app/accesses.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

namespace {

std::string uses_text(const core::Access& access) {
  std::vector<std::string> words;
  const auto add = [&](core::Use use, const char* word) {
    if (access.uses.has(use)) words.emplace_back(word);
  };
  add(core::Use::execute, "executed");
  add(core::Use::read, "read");
  add(core::Use::create, "created");
  add(core::Use::write, "written");
  add(core::Use::remove, "removed");
  add(core::Use::list, "listed");
  add(core::Use::follow, "followed");
  if (words.empty() && access.uses.has(core::Use::probe))
    words.emplace_back(access.before == core::Presence::absent ? "looked for in vain"
                                                               : "looked at");
  return base::join(words, ", ");
}

const char* presence_text(core::Presence presence) {
  switch (presence) {
    case core::Presence::absent:
      return "absent";
    case core::Presence::file:
      return "file";
    case core::Presence::directory:
      return "directory";
    case core::Presence::symlink:
      return "symlink";
    case core::Presence::other:
      return "other";
    case core::Presence::unknown:
      break;
  }
  return "unknown";
}

void print_paths(Console& console, const char* title, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    console.result(base::format("    {:<22} {}", title, base::printable(path)));
    title = "";
  }
}

}  // namespace

void print_accesses(Console& console, app::Archive& archive, const app::StoredRun& run,
                    const core::Execution& execution, bool all) {
  const auto& observed = execution.observed;
  if (observed.mechanism.empty()) {
    if (!console.json()) console.result("  it was not observed");
    return;
  }
  const auto report = app::accesses_of(archive, run, execution);
  if (!report.complete)
    console.warning(
        base::format("{}: some of its accesses are not in the repository", execution.step));
  if (console.json()) {
    for (const auto& one : report.accesses) {
      const auto& access = one.access;
      if (!one.noise.empty() && !all) continue;
      codec::Json line = codec::Json::object({{"type", "access"},
                                              {"step", execution.step},
                                              {"execution", execution.id.to_string()},
                                              {"class", core::name_of(one.path_class)},
                                              {"uses", uses_text(access)},
                                              {"before", presence_text(access.before)}});
      core::set_path(line, access.path);
      if (access.content) line.set("content", access.content->to_string());
      if (access.before == core::Presence::file) line.set("size", access.size);
      if (access.changed) line.set("changed", true);
      if (!one.noise.empty()) line.set("noise", one.noise);
      if (!one.package.empty()) line.set("package", one.package);
      console.object(std::move(line));
    }
    return;
  }
  console.result(base::format("  accesses  {} paths, {} program{} started, by {}",
                              report.accesses.size(), observed.process_count,
                              observed.process_count == 1 ? "" : "s", observed.mechanism));
  print_paths(console, "read, not declared", observed.undeclared_inputs);
  print_paths(console, "written, not declared", observed.undeclared_outputs);
  print_paths(console, "declared, not used", observed.unused_inputs);
  print_paths(console, "declared, not written", observed.unused_outputs);
  print_paths(console, "network", observed.network);
  std::size_t quiet = 0;
  std::map<std::string, std::size_t> packages;
  for (const auto& one : report.accesses) {
    const auto& access = one.access;
    // Without --all software is told by package, and what is looked for in vain is counted.
    const bool shown = one.path_class != core::PathClass::noise &&
                       one.path_class != core::PathClass::system &&
                       access.before != core::Presence::absent;
    const bool written = access.uses.has(core::Use::write) || access.uses.has(core::Use::create);
    if (!all && !shown && !(written && one.noise.empty())) {
      if (one.path_class == core::PathClass::system && access.content)
        ++packages[one.package.empty() ? "software of no package" : one.package];
      else
        ++quiet;
      continue;
    }
    std::string text =
        base::format("    {:<12}  {:<22} {}",
                     access.content ? access.content->digest.to_hex().substr(0, 12) : "",
                     uses_text(access), base::printable(access.path));
    if (access.changed) text += "  (changed meanwhile)";
    if (!one.noise.empty()) text += base::format("  ({})", one.noise);
    if (!one.package.empty()) text += base::format("  ({})", base::printable(one.package));
    console.result(text);
  }
  for (const auto& [package, files] : packages)
    console.result(base::format("    {:<12}  {:<22} {}", "",
                                base::format("{} file{} of", files, files == 1 ? "" : "s"),
                                base::printable(package)));
  if (quiet > 0) console.result(base::format("    and {} more with --all", quiet));
}

}  // namespace provrun::cli
