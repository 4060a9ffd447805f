#include "provrun/app/initialize.hpp"

#include "provrun/app/archive.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "template_files.hpp"

namespace provrun::app {

std::vector<std::string> template_names() {
  std::vector<std::string> names;
  for (const auto& file : template_files()) {
    const std::string name(file.path.substr(0, file.path.find('/')));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

InitializeReport initialize_workspace(const std::string& directory,
                                      const std::optional<std::string>& template_name, int parity) {
  InitializeReport report;
  report.directory = os::absolute_path(directory);
  if (template_name) {
    const auto names = template_names();
    if (std::find(names.begin(), names.end(), *template_name) == names.end())
      throw base::Error(base::ErrorCode::not_found,
                        base::format("no template '{}'", base::printable(*template_name)))
          .hint("there are " + base::join(names, ", "));
    for (const auto& file : template_files()) {
      if (!file.path.starts_with(*template_name + "/")) continue;
      const std::string name(file.path.substr(template_name->size() + 1));
      if (os::lstat_file(os::join_path(report.directory, name)))
        throw base::Error(
            base::ErrorCode::conflict,
            base::format("{} is there already", base::printable(os::join_path(directory, name))))
            .hint("give a new folder");
      report.files.push_back(name);
    }
    for (const auto& file : template_files()) {
      if (!file.path.starts_with(*template_name + "/")) continue;
      const auto path =
          os::join_path(report.directory, file.path.substr(template_name->size() + 1));
      os::make_directories(os::parent_path(path));
      os::write_file_atomically(path, file.content, os::Durability::cached,
                                file.executable ? 0755 : 0644);
    }
  }
  os::make_directories(report.directory);
  const auto workspace = Workspace::at(report.directory);
  workspace.ensure();
  const auto location = locate_repository(std::nullopt, workspace);
  if (location.by_default && !os::lstat_file(location.path)) {
    open_repository(location, Missing::create, parity);
    report.repository = location.path;
  }
  return report;
}

InitializeReport initialize_repository(const std::string& location, int parity) {
  const auto path = locate_repository(location, std::nullopt).path;
  store::CreateOptions options;
  options.parity_percent = parity;
  store::create_repository_at(path, options, {});
  return {{}, path, {}};
}

}  // namespace provrun::app
