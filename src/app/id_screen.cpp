#include "id_screen.hpp"

#include <algorithm>
#include <array>

#include "output_links.hpp"
#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

// Against the id of a larger content no guess can be tried.
constexpr std::uint64_t kGuessable = std::uint64_t{64} << 20U;

// What distributions put there is the same for everybody.
bool is_of_distribution(std::string_view path) {
  constexpr std::array<std::string_view, 6> kFolders{"/usr/", "/lib/",  "/lib64/",
                                                     "/bin/", "/sbin/", "/lib32/"};
  return !path.starts_with("/usr/local/") &&
         std::any_of(kFolders.begin(), kFolders.end(),
                     [&](auto folder) { return path.starts_with(folder); });
}

}  // namespace

void IdScreen::look_at(const core::Execution& execution) {
  for (const auto* files : {&execution.inputs, &execution.outputs})
    for (const auto& file : *files) look_at(file);
  for (const auto& round : execution.rounds)
    for (const auto& file : round.outputs) look_at(file);
  for (const auto& access : execution.observed.accesses) look_at(access);
  for (const auto* side : {&execution.reason.before, &execution.reason.after})
    if (const auto content = core::parse_content_id(*side))
      look_at(*content, std::nullopt, execution.reason.what);
}

void IdScreen::look_at(const core::AccessSet& set) {
  for (const auto& access : set.accesses) look_at(access);
}

void IdScreen::look_at(const core::Artifact& file) {
  if (core::is_empty_directory(file)) return;
  if (const auto target = link_target(file, questions_.absolute(file.path));
      target && is_bare_link(file, *target))
    return;
  look_at(file.content, file.size, file.path);
}

// Of a folder the content is its names, of a link its target.
void IdScreen::look_at(const core::Access& access) {
  if (access.content && access.before == core::Presence::file)
    look_at(*access.content, access.size, access.path);
}

void IdScreen::look_at(const codec::Json& environment) {
  const auto* programs = environment.is_null() ? nullptr : environment.find("programs");
  if (programs == nullptr) return;
  for (const auto& program : programs->as_array())
    for (const auto* one = &program; one != nullptr; one = one->find("interpreter")) {
      if (one->find("package") != nullptr) continue;
      if (const auto content = core::parse_content_id(one->get_string("content")))
        look_at(*content, std::nullopt, one->get_string("resolved", one->get_string("path")));
    }
}

void IdScreen::look_at(const core::ContentId& content, std::optional<std::uint64_t> size,
                       const std::string& path) {
  if (content.keyed) return;
  const auto [at, fresh] = judged_.try_emplace(content, true);
  if (!fresh) return;
  at->second = may_be_seen(content, size, path);
  if (!at->second) hidden_.insert(content);
}

bool IdScreen::may_be_seen(const core::ContentId& content, std::optional<std::uint64_t> size,
                           const std::string& path) {
  return (size && *size > kGuessable) || is_of_distribution(path) || questions_.is_known(content) ||
         is_clean(content, questions_.absolute(path));
}

bool IdScreen::is_clean(const core::ContentId& content, const std::string& path) const {
  try {
    const auto stat = os::stat_file(path);
    if (!stat || stat->type != os::FileType::regular || stat->size > kGuessable) return false;
    const auto text = os::read_file(path, kGuessable);
    return hash::sha256(text) == content.digest &&
           (questions_.screen == nullptr ||
            !questions_.screen->find(text, questions_.looked_for(path)));
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace provrun::app
