#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/app/browse.hpp"

// Snapshots as tar archives, whole or as what has changed since another; docs/formats/tar.md.
namespace provrun::app {

struct TarExportRequest {
  Shelf shelf;
  std::string snapshot;
  std::optional<std::string> since;  ///< only what differs from this snapshot
};
struct TarExportSummary {
  std::string snapshot;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t deleted = 0;
  std::vector<std::string> left_out;  ///< what tar cannot hold: sockets
};
TarExportSummary export_tar(const TarExportRequest& request,
                            const std::function<void(std::string_view)>& sink);

struct TarImportRequest {
  Shelf shelf;
  std::vector<std::string> archives;  ///< paths, in the order of the chain; "-" is standard input
  std::vector<std::string> tags;      ///< added to those the archive tells
};
struct TarImport {
  std::string archive;
  std::string snapshot;
  std::uint64_t files = 0;  ///< in the snapshot
  std::uint64_t bytes = 0;
  std::optional<bool> identical;  ///< whether the tree is the one that was exported, where it says
  std::vector<std::string> left_out;
};
/// One snapshot for each archive. Error(not_found) when what an archive builds upon is not there.
void import_tar(const TarImportRequest& request,
                const std::function<void(const TarImport&)>& visit);

}  // namespace provrun::app
