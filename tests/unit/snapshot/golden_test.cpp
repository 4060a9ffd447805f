#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/repair.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"
#include "support/temporary_folder.hpp"

// A repository written by the first program of format version 1. It must stay readable for ever.

using namespace provrun;

namespace {

const std::string kGolden = PROVRUN_SOURCE_DIR "/tests/golden/repository-v1";

test::Files golden_files(int day) {
  return {{"data/long.csv", test::table_text(60'000 + static_cast<std::size_t>(day) * 100, 1)},
          {"data/noise.bin", test::random_bytes(3'000, 2)},
          {"empty", ""},
          {"name\xff\n", "hostile name, day " + std::to_string(day)},
          {"small.txt", "small\n"}};
}

void copy_tree(const std::string& from, const std::string& to) {
  os::make_directories(to);
  for (const auto& entry : os::list_directory(from)) {
    const auto source = os::join_path(from, entry.name);
    if (os::lstat_file(source)->type == os::FileType::directory) {
      copy_tree(source, os::join_path(to, entry.name));
    } else {
      os::write_file_atomically(os::join_path(to, entry.name), os::read_file(source),
                                os::Durability::cached);
    }
  }
}

}  // namespace

TEST_CASE("the golden repository of version 1 stays readable and writable") {
  if (os::environment_variable("PROVRUN_REGENERATE_GOLDEN")) {
    os::remove_tree(kGolden);
    auto options = test::small_chunks();
    options.features = store::Features::none();
    const auto made = store::create_repository_at(kGolden, options, {});
    for (const int day : {1, 2}) test::commit_files(*made, golden_files(day));
    os::remove_tree(kGolden + "/tmp");
    WARN("skipped: the golden repository was made anew");
    return;
  }
  const test::TemporaryFolder folder;
  copy_tree(kGolden, folder / "repository");
  const auto repository = store::open_repository_at(folder / "repository", {});
  const auto names = snapshot::list_snapshots(*repository);
  REQUIRE(names.size() == 2);
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
  for (const int day : {1, 2}) {
    const auto& name = names[static_cast<std::size_t>(day - 1)];
    CHECK(snapshot::verify_snapshot(*repository, name).clean());
    const auto root = snapshot::load_manifest(*repository, name).root;
    for (const auto& [path, bytes] : golden_files(day)) {
      const auto entry = snapshot::find_entry(*repository, root, path);
      REQUIRE(entry);
      CHECK(repository->read_content(entry->content, 1 << 20) == bytes);
      CHECK(entry->mtime_ns == 1'700'000'000'123'456'789);
    }
  }
  // The same files again: nothing new, so the way they are cut, hashed and written is the same.
  const auto third = test::commit_files(*repository, golden_files(2));
  CHECK(snapshot::load_manifest(*repository, third).stored.new_chunks == 0);
}
