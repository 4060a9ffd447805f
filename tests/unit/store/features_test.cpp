// What the features of a repository store and give back: bundles, holes, patches, planes.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "provrun/base/error.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/content_text.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/shuffle.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"
#include "support/temporary_folder.hpp"

using namespace provrun;

namespace {

std::vector<std::uint8_t> random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::vector<std::uint8_t> numbers(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bytes(count * 8);
  for (std::size_t i = 0; i < count; ++i) {
    const double value = 20 + static_cast<double>(random() % 1000000) * 1e-9;
    std::memcpy(bytes.data() + i * 8, &value, 8);
  }
  return bytes;
}

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::uint8_t> span_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::unique_ptr<store::Repository> memory_repository(store::CreateOptions options) {
  return store::Repository::create(
      std::make_shared<test::MemoryBackend>(std::make_shared<test::MemoryStore>()), options, {});
}

std::string method_of(store::Repository& repository, const store::ChunkId& id) {
  for (const auto& location : repository.index().find(id))
    for (const auto& row : store::read_pack_table(repository.backend(), location.pack))
      if (row.id == id) return std::string(row.method_text());
  return "absent";
}

std::string manifest_at(store::WriteSession& session) {
  return codec::Json::object({{"time", session.commit_time().to_rfc3339()}}).dump();
}

}  // namespace

TEST_CASE("bytes put in planes come back for every width and length") {
  for (const unsigned width : {2U, 4U, 8U})
    for (const std::size_t size : {0U, 1U, 7U, 8U, 63U, 64U, 65U, 1000U, 4099U}) {
      const auto bytes = random_bytes(size, 1);
      std::vector<std::uint8_t> planes(size), back(size);
      store::shuffle(bytes, width, planes);
      store::unshuffle(planes, width, back);
      CHECK(back == bytes);
      if (size >= 2 * width) CHECK(planes[1] == bytes[width]);
    }
}

TEST_CASE("tables of numbers are worth planes, noise is not") {
  CHECK(store::promising_width(numbers(8192, 1)) == 8);
  CHECK(store::promising_width(random_bytes(65536, 1)) == 1);
}

TEST_CASE("each way of storing a chunk is undone, and told by its method") {
  store::FrameEncoder encoder(3, {});
  store::FrameDecoder decoder;
  const auto nothing = [](const store::ChunkId&) -> std::vector<std::uint8_t> {
    throw std::runtime_error("no chunk is needed");
  };
  const auto plain = random_bytes(5000, 2);
  auto frame = encoder.encode(plain, nullptr);
  CHECK(frame.method.empty());
  CHECK(decoder.decode(frame.bytes, 1 << 20, nothing) == plain);

  const auto table = numbers(20000, 3);
  frame = encoder.encode(table, nullptr);
  CHECK(frame.method == "shuffle 8");
  CHECK(frame.bytes.size() < table.size() * 2 / 3);
  CHECK(decoder.decode(frame.bytes, 1 << 20, nothing) == table);

  store::PatchBase base;
  base.chunks = {store::ChunkId{hash::sha256(plain)}, store::ChunkId{hash::sha256(table)}};
  base.bytes = plain;
  base.bytes.insert(base.bytes.end(), table.begin(), table.end());
  auto changed = plain;
  changed.insert(changed.begin() + 2000, 17, 'x');
  changed.insert(changed.end(), table.begin(), table.begin() + 4000);
  frame = encoder.encode(changed, &base);
  CHECK(frame.method == "patch 1 " + base.chunks[0].to_hex() + " " + base.chunks[1].to_hex());
  CHECK(frame.bytes.size() < 500);
  const auto parts = [&](const store::ChunkId& id) { return id == base.chunks[0] ? plain : table; };
  CHECK(decoder.decode(frame.bytes, 1 << 20, parts) == changed);

  // What has nothing of the base in it is stored for itself.
  CHECK(encoder.encode(random_bytes(5000, 9), &base).method.empty());
  // An older program's repository gets none of it.
  store::FrameEncoder old(3, store::Features::none());
  CHECK(old.encode(table, &base).method.empty());
}

TEST_CASE("a frame that tells nonsense is damage") {
  const auto parse = [](std::string_view method) {
    try {
      return store::parse_method(method).depth;
    } catch (const base::Error& error) {
      return error.code() == base::ErrorCode::corruption ? -1 : -2;
    }
  };
  const std::string id(64, 'a');
  CHECK(parse("patch 3 " + id) == 3);
  for (const auto& method :
       {std::string("patch"), "patch 0 " + id, "patch 1 " + id + "b", std::string("patch 1 "),
        "patch 1 " + std::string(64, 'g'), std::string("shuffle 3"), std::string("shuffle "),
        std::string("other 1")})
    CHECK(parse(method) < 0);
  CHECK_THROWS_AS(store::parse_frame_header(random_bytes(3, 1)), base::Error);
  std::vector<std::uint8_t> wrapped{0x51, 0x2A, 0x4D, 0x18, 5, 0, 0, 0, 'a', 'b', 'c', 'd', 'e'};
  CHECK_THROWS_AS(store::parse_frame_header(wrapped), base::Error);
}

TEST_CASE("small files share a chunk and each is found again") {
  const auto repository = memory_repository({});
  std::vector<std::string> files{"first", "", "second file", "first", std::string(70000, 'z')};
  std::vector<std::span<const std::uint8_t>> spans;
  for (const auto& file : files) spans.push_back(span_of(file));
  std::vector<store::FileContent> contents;
  {
    const auto session = repository->begin_session();
    contents = session->put_bundle(spans);
    const auto again = session->put_bundle(std::span(spans).subspan(2, 2));
    CHECK(again[0] == contents[2]);
    CHECK(again[1] == contents[0]);
    session->commit(manifest_at(*session));
  }
  REQUIRE(contents.size() == files.size());
  CHECK(contents[0].bundle);
  CHECK(contents[0].bundle == contents[3].bundle);
  CHECK(contents[0].bundle->chunk == contents[2].bundle->chunk);
  CHECK(contents[1].chunks.empty());
  CHECK(contents[4].chunks.size() == 1);
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK(repository->read_content(contents[i], 1 << 20) == files[i]);
    std::string line = "{\"t\":\"f\"";
    store::append_content(line, contents[i]);
    CHECK(store::parse_content(codec::parse_json(line + "}")) == contents[i]);
  }
}

TEST_CASE("holes are stored as nothing and come back as zeros") {
  const test::TemporaryFolder folder;
  auto options = test::small_chunks();
  const auto repository = memory_repository(options);
  const auto head = random_bytes(10000, 5);
  const auto tail = random_bytes(3000, 6);
  std::string bytes(200000, '\0');
  std::memcpy(bytes.data() + 50000, head.data(), head.size());
  std::memcpy(bytes.data() + 150000, tail.data(), tail.size());
  const auto path = folder / "sparse";
  os::write_file_atomically(path, bytes, os::Durability::cached);
  const std::vector<store::ByteRange> data{{50000, 10000}, {150000, 3000}};
  const std::vector<store::ByteRange> none;
  const auto session = repository->begin_session();
  store::PutOptions put;
  put.data = &data;
  put.size = bytes.size();
  const auto content = session->put_file(os::open_for_reading(path), path, put);
  put.data = &none;
  const auto empty = session->put_file(os::open_for_reading(path), path, put);
  session->commit(manifest_at(*session));
  CHECK(content.size == bytes.size());
  CHECK(content.id.digest == hash::sha256(bytes));
  CHECK(content.list_levels == 1);
  CHECK(session->statistics().new_bytes < 20000);
  CHECK(repository->read_content(content, 1 << 20) == bytes);
  CHECK(repository->read_content(empty, 1 << 20) == std::string(bytes.size(), '\0'));
  std::string written(bytes.size(), '\0');
  repository->read_pieces(content, [&](std::uint64_t at, std::span<const std::uint8_t> piece) {
    std::memcpy(written.data() + at, piece.data(), piece.size());
  });
  CHECK(written == bytes);
  std::vector<std::uint8_t> middle(30000);
  CHECK(repository->read_range(content, 45000, middle) == middle.size());
  CHECK(text_of(middle) == bytes.substr(45000, 30000));
  CHECK(repository->read_range(content, 199990, middle) == 10);
  CHECK(repository->read_range(content, 200000, middle) == 0);
}

TEST_CASE("a changed file costs its change, day after day, in bounded depth") {
  const auto repository = memory_repository({});
  auto bytes = random_bytes(600000, 7);
  std::optional<store::FileContent> previous;
  std::vector<std::pair<store::FileContent, std::vector<std::uint8_t>>> days;
  std::mt19937 random(8);
  for (int day = 0; day < 12; ++day) {
    const auto session = repository->begin_session();
    std::size_t given = 0;
    const auto content = session->put_stream(
        [&](std::span<std::uint8_t> room) {
          const auto n = std::min(room.size(), bytes.size() - given);
          std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(given), n, room.begin());
          given += n;
          return n;
        },
        previous ? &*previous : nullptr);
    session->commit(manifest_at(*session));
    const auto cost = session->statistics().stored_bytes;
    if (day > 0 && day <= store::kMaximumPatchDepth) CHECK(cost < 3000);
    if (day > 0)
      for (const auto& chunk : content.chunks)
        CHECK(store::parse_method(method_of(*repository, chunk)).depth <=
              store::kMaximumPatchDepth);
    previous = content;
    days.emplace_back(content, bytes);
    const auto at = random() % (bytes.size() - 1000);
    for (std::size_t i = 0; i < 500; ++i) bytes[at + i] = static_cast<std::uint8_t>(random());
  }
  for (const auto& [content, expected] : days)
    CHECK(repository->read_content(content, 1 << 20) == text_of(expected));
  CHECK(method_of(*repository, days[1].first.chunks.front()).substr(0, 7) == "patch 1");
}

TEST_CASE("an object is stored against the one it replaces") {
  const auto repository = memory_repository({});
  std::string tree;
  for (int i = 0; i < 500; ++i) tree += hash::sha256(std::to_string(i)).to_hex() + "\n";
  const auto session = repository->begin_session();
  const auto first = session->put_object(span_of(tree), store::ChunkKind::tree);
  session->checkpoint();
  const auto before = session->statistics().stored_bytes;
  tree.replace(65 * 100, 64, hash::sha256("other").to_hex());
  const auto second = session->put_object(span_of(tree), store::ChunkKind::tree, &first);
  session->commit(manifest_at(*session));
  CHECK(session->statistics().stored_bytes - before < 300);
  CHECK(text_of(repository->read_chunk(second)) == tree);
}

TEST_CASE("many threads put into one session, and everything comes back") {
  const auto repository = memory_repository({});
  const auto session = repository->begin_session({.threads = 4});
  std::vector<std::vector<std::uint8_t>> files;
  for (unsigned i = 0; i < 24; ++i)
    files.push_back(i % 3 == 0 ? numbers(40000 + i * 1000, i) : random_bytes(300000 + i, i));
  std::vector<store::FileContent> contents(files.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (auto i = next++; i < files.size(); i = next++)
        contents[i] = session->put_bytes(files[i]);
    });
  for (auto& thread : threads) thread.join();
  session->commit(manifest_at(*session));
  for (std::size_t i = 0; i < files.size(); ++i)
    CHECK(repository->read_content(contents[i], 1 << 20) == text_of(files[i]));
}

TEST_CASE("a config names its features and none but known ones") {
  store::RepositoryConfig config;
  CHECK(store::parse_config(config.to_json()).features == store::Features());
  config.features = store::Features::none();
  CHECK(store::parse_config(config.to_json()).features == store::Features::none());
}
