#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/app/statistics.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"

namespace provrun::cli {

int command_stats(const Call& call) {
  app::StatisticsRequest request;
  request.shelf.repository = call.global.repository;
  Options options(call.verb);
  add_filter(options, request.shelf.filter);
  options.flag("unique,u", request.every_snapshot).positional(request.snapshots);
  options.parse(call.arguments);
  complete_filter(request.shelf.filter);
  auto& console = *call.console;
  bool first = true;
  const auto total =
      app::repository_statistics(request, [&](const app::SnapshotStatistics& snapshot) {
        console.object(codec::Json::object({{"type", "statistics"},
                                            {"snapshot", snapshot.id},
                                            {"time", snapshot.time.to_rfc3339()},
                                            {"files", snapshot.files},
                                            {"bytes", snapshot.bytes},
                                            {"unique_bytes", snapshot.unique_bytes}}));
        if (first)
          console.result(
              console.paint(Colour::bold, base::format("{:<16}  {:<19}  {:>9}  {:>9}  {:>9}", "ID",
                                                       "TIME (UTC)", "FILES", "SIZE", "UNIQUE")));
        first = false;
        console.result(base::format("{}  {}  {:>9}  {:>9}  {:>9}", short_id(snapshot.id),
                                    short_time(snapshot.time), base::format_count(snapshot.files),
                                    base::format_size(snapshot.bytes),
                                    base::format_size(snapshot.unique_bytes)));
      });
  console.object(codec::Json::object({{"type", "summary"},
                                      {"snapshots", total.snapshots},
                                      {"files", total.files},
                                      {"logical_bytes", total.logical_bytes},
                                      {"chunks", total.chunks},
                                      {"bytes", total.plain_bytes},
                                      {"stored_bytes", total.stored_bytes},
                                      {"tree_bytes", total.tree_bytes},
                                      {"packs", total.packs},
                                      {"pack_bytes", total.pack_bytes},
                                      {"index_bytes", total.index_bytes},
                                      {"deduplication", total.deduplication()},
                                      {"compression", total.compression()}}));
  if (!first) console.result("");
  const auto line = [&](const char* name, const std::string& value, const std::string& more = {}) {
    console.result(base::format("{:<16}{:>12}{}{}", name, value, more.empty() ? "" : "  ", more));
  };
  line("snapshots", base::format_count(total.snapshots));
  line("files", base::format_count(total.files),
       base::format_size(total.logical_bytes) + " in all of them");
  line("distinct", base::format_size(total.plain_bytes),
       base::format("{:.2f} times less by deduplication", total.deduplication()));
  line("compressed", base::format_size(total.stored_bytes),
       base::format("{:.2f} times less by compression", total.compression()));
  line("folders", base::format_size(total.tree_bytes));
  line("packs", base::format_count(total.packs), base::format_size(total.pack_bytes));
  line("index", base::format_count(total.chunks),
       base::format("pieces, {}", base::format_size(total.index_bytes)));
  return 0;
}

}  // namespace provrun::cli
