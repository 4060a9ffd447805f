#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/app/mount.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

int command_mount(const Call& call) {
  app::Shelf shelf{call.global.repository, {}};
  bool allow_other = false;
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, shelf.filter);
  options.flag("allow-other", allow_other).positional(words);
  options.parse(call.arguments);
  if (words.size() != 1)
    throw base::Error(base::ErrorCode::invalid_input, "mount takes one folder")
        .hint("'provrun help mount' lists what it takes");
  complete_filter(shelf.filter);
  auto& console = *call.console;
  app::mount_shelf(shelf, words[0], allow_other, [&] {
    console.note(base::format("provrun: mounted on {}; Ctrl-C or 'fusermount3 -u {}' ends it",
                              base::printable(words[0]), base::shell_quote(words[0])));
  });
  console.object(codec::Json::object({{"type", "summary"}, {"unmounted", true}}));
  return 0;
}

}  // namespace provrun::cli
