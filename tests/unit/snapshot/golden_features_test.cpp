#include <cstdlib>
#include <cstring>

#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repair.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"
#include "support/temporary_folder.hpp"

// A repository with bundles, holes, patches and planes, as the first program wrote it that knew
// them. It must stay readable for ever, also by its own RESTORE.sh.

using namespace provrun;

namespace {

const std::string kFeatures = PROVRUN_SOURCE_DIR "/tests/golden/repository-v1-features";

std::string numbers() {
  std::string bytes;
  std::uint64_t state = 1;
  for (int i = 0; i < 4000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const double value = 300 + static_cast<double>(state >> 40U) * 1e-7;
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes;
}

std::string changing(int day) {
  auto bytes = test::random_bytes(20'000, 3);
  for (int i = 1; i < day; ++i) {
    bytes.insert(static_cast<std::size_t>(i) * 5000, "inserted on day " + std::to_string(i));
    bytes[static_cast<std::size_t>(i) * 777] ^= 1;
  }
  return bytes;
}

std::string sparse() {
  return std::string(100'000, '\0') + "an island" + std::string(50'000, '\0');
}

test::Files feature_files(int day) {
  return {{"bundle/a", "first of the bundle\n"},
          {"bundle/b", "second, day " + std::to_string(day)},
          {"bundle/c", test::table_text(40, 5)},
          {"changing.bin", changing(day)},
          {"numbers.f64", numbers()},
          {"sparse.img", sparse()}};
}

// As a backup does it: neighbours together, the file of before as the base, data without holes.
void commit_day(store::Repository& repository, int day, const std::string& scratch) {
  const auto names = snapshot::list_snapshots(repository);
  const auto session = repository.begin_session();
  snapshot::TreeWriter tree(*session);
  const auto files = feature_files(day);
  std::vector<std::span<const std::uint8_t>> bundle;
  for (std::size_t i = 0; i < 3; ++i)
    bundle.emplace_back(reinterpret_cast<const std::uint8_t*>(files[i].second.data()),
                        files[i].second.size());
  const auto bundled = session->put_bundle(bundle);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& [path, bytes] = files[i];
    if (i < bundled.size()) {
      tree.add(test::file_entry(path, bundled[i]));
      continue;
    }
    os::write_file_atomically(scratch, bytes, os::Durability::cached);
    store::PutOptions options;
    std::optional<snapshot::Entry> before;
    if (!names.empty())
      before = snapshot::find_entry(repository,
                                    snapshot::load_manifest(repository, names.back()).root, path);
    if (before) options.previous = &before->content;
    const std::vector<store::ByteRange> data{{100'000, 9}};
    if (path == "sparse.img") {
      options.data = &data;
      options.size = bytes.size();
    }
    tree.add(
        test::file_entry(path, session->put_file(os::open_for_reading(scratch), scratch, options)));
  }
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  manifest.counts = tree.counts();
  manifest.host = "host";
  manifest.paths = {"."};
  manifest.tool_version = "test";
  snapshot::commit_snapshot(*session, std::move(manifest));
}

std::string methods_of(store::Repository& repository) {
  std::string text;
  for (const auto& pack : store::list_packs(repository.backend()))
    for (const auto& row : store::read_pack_table(repository.backend(), pack))
      text.append(row.method_text().substr(0, 7)).append(";");
  return text;
}

}  // namespace

TEST_CASE("the golden repository with every feature stays readable, by its own script too") {
  const test::TemporaryFolder folder;
  if (os::environment_variable("PROVRUN_REGENERATE_GOLDEN")) {
    os::remove_tree(kFeatures);
    const auto made = store::create_repository_at(kFeatures, {}, {});
    for (const int day : {1, 2, 3}) commit_day(*made, day, folder / "scratch");
    os::remove_tree(kFeatures + "/tmp");
    WARN("skipped: the golden repository was made anew");
    return;
  }
  const auto repository = store::open_repository_at(kFeatures, {});
  CHECK(repository->config().features == store::Features());
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
  const auto methods = methods_of(*repository);
  CHECK(methods.find("shuffle;") != std::string::npos);
  CHECK(methods.find("patch 1;") != std::string::npos);
  CHECK(methods.find("patch 2;") != std::string::npos);
  const auto names = snapshot::list_snapshots(*repository);
  REQUIRE(names.size() == 3);
  for (const int day : {1, 2, 3}) {
    const auto& name = names[static_cast<std::size_t>(day - 1)];
    const auto root = snapshot::load_manifest(*repository, name).root;
    for (const auto& [path, bytes] : feature_files(day)) {
      INFO(path << ", day " << day);
      const auto entry = snapshot::find_entry(*repository, root, path);
      REQUIRE(entry);
      CHECK(entry->content.bundle.has_value() == path.starts_with("bundle/"));
      CHECK(repository->read_content(entry->content, 1 << 20) == bytes);
    }
  }
  const auto there = folder / "there";
  const auto script = "cd / && env -i PATH=/usr/bin:/bin /bin/sh " +
                      base::shell_quote(kFeatures + "/RESTORE.sh") + " " +
                      base::shell_quote(kFeatures) + " " +
                      base::shell_quote(kFeatures + "/" + names.back().object_name()) + " " +
                      base::shell_quote(there);
  REQUIRE(std::system(script.c_str()) == 0);
  for (const auto& [path, bytes] : feature_files(3))
    CHECK(os::read_file(os::join_path(there, path)) == bytes);
  CHECK(os::lstat_file(there + "/sparse.img")->blocks * 512 < 60'000);
}
