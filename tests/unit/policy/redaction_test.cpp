#include "provrun/policy/redaction.hpp"

#include <chrono>
#include <random>

#include "provrun/codec/zstd.hpp"
#include "support/catch.hpp"

using namespace provrun;
using policy::Redactor;

namespace {

const std::vector<std::uint8_t> kKey(32, 7);

Redactor plain() {
  return Redactor({}, kKey);
}
Redactor knowing(std::string value, std::string name = "API_TOKEN") {
  return Redactor({{std::move(name), std::move(value)}}, kKey);
}

/// The text with every mark written as #, to be read at a glance.
std::string seen(const Redactor& redactor, std::string_view text) {
  std::string redacted = redactor.redact(text).text;
  for (std::size_t at = redacted.find("[redacted:"); at != std::string::npos;
       at = redacted.find("[redacted:", at)) {
    REQUIRE(redacted.size() >= at + 23);
    REQUIRE(redacted[at + 22] == ']');
    redacted.replace(at, 23, "#");
  }
  return redacted;
}
std::string seen(std::string_view text) {
  return seen(plain(), text);
}

std::string streamed(const Redactor& redactor, std::string_view text, std::size_t piece) {
  std::string out;
  Redactor::Stream stream(redactor, [&](std::string_view bytes) { out += bytes; });
  for (std::size_t at = 0; at < text.size(); at += piece) stream.write(text.substr(at, piece));
  stream.finish();
  return out;
}

// Written in two halves so that no scanner of this repository takes them for real ones.
const std::string kAwsId =
    "AKIA"
    "IOSFODNN7EXAMPLE";
const std::string kAwsKey =
    "wJalrXUtnFEMI/K7MDENG/"
    "bPxRfiCYEXAMPLEKEY";
const std::string kGitHub =
    "ghp_"
    "16C7e42F292c6912E7710c838347Ae178B4a";
const std::string kJwt =
    "eyJhbGciOiJIUzI1NiJ9"
    ".eyJzdWIiOiIxMjM0NTY3ODkwIn0"
    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

}  // namespace

TEST_CASE(
    "a mark is the start of a keyed hash: equal secrets stay equal, other keys give other marks") {
  const Redactor one = knowing("hunter2-hunter2");
  const Redactor same = Redactor({{"OTHER", "hunter2-hunter2"}}, kKey);
  const Redactor other_key =
      Redactor({{"API_TOKEN", "hunter2-hunter2"}}, std::vector<std::uint8_t>(32, 8));
  const std::string text = one.redact("x hunter2-hunter2 y").text;
  CHECK(text == "x " + one.mark_of("hunter2-hunter2") + " y");
  CHECK(text == same.redact("x hunter2-hunter2 y").text);
  CHECK(text != other_key.redact("x hunter2-hunter2 y").text);
  // HMAC-SHA-256 of the value under 32 bytes of 7, as openssl dgst -mac HMAC prints it.
  CHECK(one.mark_of("hunter2-hunter2").size() == 23);
  CHECK(one.redact("hunter2-hunter2 hunter2-hunter2").count == 2);
}

TEST_CASE("known values are found in every form they are usually written in") {
  const std::string value = "p@ss w\"rd/1+'x";
  const Redactor redactor = knowing(value);
  const std::string mark = redactor.mark_of(value);
  const auto expect = [&](std::string_view written) {
    INFO(written);
    CHECK(redactor.redact("<" + std::string(written) + ">").text == "<" + mark + ">");
  };
  expect(value);
  expect("p%40ss%20w%22rd%2F1%2B%27x");
  expect("p%40ss%20w%22rd%2f1%2b%27x");
  expect("p%40ss+w%22rd%2F1%2B%27x");
  expect("p%40ss%20w%22rd/1%2B%27x");
  expect("p%40ss%20w%22rd%2F1%2B'x");
  expect("p@ss w\\\"rd/1+'x");
  expect("p@ss w\"rd/1+'\\''x");
  expect(codec::to_base64(value));
}

TEST_CASE("a known value is found inside of longer base64 at any offset") {
  const std::string value = "correct-horse-battery";
  const Redactor redactor = knowing(value);
  for (const std::string before : {"", "u", "us", "use", "user:"}) {
    for (const std::string after : {"", "\n", "ab", "abc"}) {
      const std::string encoded = codec::to_base64(before + value + after);
      const policy::RedactedText redacted = redactor.redact("Basic-Data " + encoded);
      INFO(before << "|" << after << " -> " << redacted.text);
      CHECK(redacted.count == 1);
      CHECK(redacted.text.find(redactor.mark_of(value)) != std::string::npos);
      CHECK(redacted.text.size() <= 11 + 23 + before.size() * 4 / 3 + after.size() * 4 / 3 + 6);
    }
  }
}

TEST_CASE("short known values are hidden only where their name is, others as words or anywhere") {
  CHECK(seen(knowing("ab"), "ab API_TOKEN=ab cab API_TOKEN: \"ab\"") ==
        "ab API_TOKEN=# cab API_TOKEN: \"#\"");
  CHECK(seen(knowing("beef"), "beef deadbeef0 x=beef,") == "# deadbeef0 x=#,");
  CHECK(seen(knowing("be-f"), "xbe-fx") == "x#x");
  CHECK(seen(knowing("longsecret"), "xlongsecretx") == "x#x");
  CHECK(seen(knowing(""), "API_TOKEN= \nnext") == "API_TOKEN= \nnext");
}

TEST_CASE("multi-line known values are found whole and line by line") {
  const Redactor redactor = knowing("first-line-1\nshort\nsecond-line-2\n");
  CHECK(seen(redactor, "a first-line-1\nshort\nsecond-line-2\n b") == "a # b");
  CHECK(seen(redactor, "> first-line-1\n> short\n> second-line-2") == "> #\n> short\n> #");
  CHECK(seen(redactor, R"("first-line-1\nshort\nsecond-line-2\n")") == "\"#\"");
}

TEST_CASE("tokens with a known beginning are secrets wherever they stand") {
  for (const std::string& token :
       {kAwsId, kGitHub,
        std::string("github_"
                    "pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789"),
        std::string("glpat"
                    "-ABCdef123456_7890xyz"),
        std::string("xoxb"
                    "-123456789012-abcdefGHIJKL"),
        std::string("npm"
                    "_abcdefghijklmnopqrstuvwxyz0123456789"),
        std::string("hf"
                    "_abcdefghijklmnopqrstuvwxyzABCDEFGH"),
        std::string("pypi-"
                    "AgEIcHlwaS5vcmcCJDYwNmFjNDkzLTQ1NTgtNDYxNS1hYjM5LTZhODhhZGQ5M2I5OQ"),
        std::string("sk-"
                    "proj-abcDEF123456ghiJKL7890mnopQRST"),
        std::string("sk-"
                    "ant-api03-abcDEF123456ghiJKL7890mnop"),
        std::string("AIza"
                    "SyA1234567890abcdefghijklmnopqrstuv"),
        std::string("sk_live_"
                    "4eC39HqLyjWDarjtT1zdp7dc"),
        kJwt}) {
    INFO(token);
    CHECK(seen("x " + token + " y") == "x # y");
    CHECK(seen("\"" + token + "\"") == "\"#\"");
    CHECK(seen("see:" + token + ".") == "see:#.");
    CHECK(seen("\n" + token + "\n") == "\n#\n");
  }
}

TEST_CASE("an AWS secret key is told by the id before it") {
  CHECK(seen(kAwsId + ":" + kAwsKey) == "#");
  CHECK(seen(kAwsId + ", " + kAwsKey + "\n") == "#\n");
  CHECK(seen("aws_secret_access_key = " + kAwsKey) == "aws_secret_access_key = #");
  CHECK(seen("digest " + kAwsKey) == "digest " + kAwsKey);
}

TEST_CASE("private key blocks go as a whole, cut ones too") {
  const std::string body = "MIIEowIBAAKCAQEAx+/8\nabcdefghijklmnop==\n";
  const std::string frame_begin =
      "-----BEGIN RSA "
      "PRIVATE KEY-----";
  const std::string frame_end =
      "-----END RSA "
      "PRIVATE KEY-----";
  CHECK(seen("a\n" + frame_begin + "\n" + body + frame_end + "\nb") == "a\n#\nb");
  CHECK(seen("a\n" + frame_begin + "\n" + body) == "a\n#\n");
  CHECK(seen("-----BEGIN OPENSSH "
             "PRIVATE KEY-----\\nAAAAB3NzaC1yc2E\\n-----END OPENSSH PRIVATE KEY-----\"") == "#\"");
  const std::string certificate =
      "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKC\n-----END CERTIFICATE-----\n";
  CHECK(seen(certificate) == certificate);
  CHECK(seen("-----BEGIN "
             "PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----");
}

TEST_CASE("what is given to a secret's name is a secret") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"PASSWORD=hunter2", "PASSWORD=#"},
      {"PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=# psql -h db"},
      {"export DB_PASSWORD='a b;c'", "export DB_PASSWORD='#'"},
      {"password: hunter2", "password: #"},
      {"password: hunter", "password: #"},
      {"  \"password\": \"hunter2\",", "  \"password\": \"#\","},
      {R"({\"password\": \"hunter2\"})", R"({\"password\": \"#\"})"},
      {"config['db_password'] = 'x y'", "config['db_password'] = '#'"},
      {"mysql --password=hunter2 db", "mysql --password=# db"},
      {"curl --token abcdef12 url", "curl --token # url"},
      {"--api-key ABCDEF0123 x", "--api-key # x"},
      {"apiKey: 'abc123def'", "apiKey: '#'"},
      {"X-Api-Key: abc123def456", "X-Api-Key: #"},
      {"GITHUB_TOKEN=abcdefgh", "GITHUB_TOKEN=#"},
      {"auth_token = \"k2j3h4k2j3h4\"", "auth_token = \"#\""},
      {"clientSecret=9f8e7d6c5b", "clientSecret=#"},
      {"https://x.org/a?token=abc123def&b=1", "https://x.org/a?token=#&b=1"},
      {"<password>hunter2</password>", "<password>#</password>"},
      {"AWS_SECRET_ACCESS_KEY=" + kAwsKey, "AWS_SECRET_ACCESS_KEY=#"},
      {"SERVICE_CREDENTIALS=abc", "SERVICE_CREDENTIALS=#"},
      {"+DB_PASS"
       "WORD=hunter2",
       "+DB_PASSWORD=#"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(seen(text) == expected);
  }
}

TEST_CASE("passwords of URLs and authorization headers are secrets") {
  CHECK(seen("https://user:hunter2@host/x") == "https://user:#@host/x");
  CHECK(seen("postgres://u:p@ss@host:5432/db") == "postgres://u:#@host:5432/db");
  CHECK(seen("https://ghx1234567890abcdefghij@host/x") == "https://#@host/x");
  CHECK(seen("Authorization: Bearer abcdefgh") == "Authorization: Bearer #");
  CHECK(seen("curl -H 'Authorization: Basic dXNlcjpwYXNz'") == "curl -H 'Authorization: Basic #'");
  CHECK(seen(R"("authorization": "token abcd1234")") == R"("authorization": "token #")");
  CHECK(seen("Authorization: Digest username=\"a\", response=\"b\"\nnext") ==
        "Authorization: Digest #\nnext");
  CHECK(seen("sent Bearer abcdefgh12345678 to") == "sent Bearer # to");
}

TEST_CASE("normal text, code, digests and data are left alone") {
  for (const std::string text :
       {"da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "0192d4e6-7b3a-7c21-9f00-0123456789ab",
        "commit 887580c0d6e1f0a1b2c3d4e5f60718293a4b5c6d",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "TOKENIZERS_PARALLELISM=false",
        "max_tokens=4096",
        "n_tokens: 12345678",
        "eos_token=abc12345",
        "tokenizer = AutoTokenizer.from_pretrained('x')",
        "token = tokens[i]",
        "token = next(it)",
        "token = self.lexer.token()",
        "def login(user, password=None):",
        "connect(password=password)",
        "password = getpass.getpass()",
        "password=os.environ['X']",
        "password: str",
        "PASSWORD=$PW",
        "PASSWORD=${PW}",
        "password: \"{{ secret }}\"",
        "password=***",
        "PASSWORD_FILE=/run/secrets/x",
        "secret_name: db",
        "Enter password: ",
        "Unexpected token: foo",
        "SyntaxError: invalid token: 12ab",
        "the secretary said: hello1234",
        "if password == 'x':",
        "Token::new(kind)",
        "access_key_id=abc",
        "secrets: [API_TOKEN]",
        "nextToken=12",
        "https://host:8080/a@b",
        "git@github.com:a/b.git",
        "https://git@github.com/a/b",
        "ssh://git@host/x",
        "token=1",
        "--token-file x",
        "--no-password x",
        "bearer of bad news, who organized it",
        "authorization: required",
        "sk-estimator-doc-link-fitted",
        "sk-toggleable__label-arrow-big-name",
        "hf_hub_download",
        "npm_config_registry",
        "the password is long",
        "risk-adjusted-return-on-capital-employed",
        "eyJhbGciOiJIUzI1NiJ9",
        "AKIAIOSFODNN7",
        "password123",
        "-----BEGIN PUBLIC KEY-----",
        "secret santa",
        "tokens: 5",
        "[redacted:0123456789ab]",
        "password=[redacted:0123456789ab]",
        "PWD=/home/x",
        "sort -k 2",
        "a://b:c",
        "key=value"}) {
    INFO(text);
    CHECK(seen(text) == (text.find("[redacted") == std::string::npos
                             ? text
                             : text.substr(0, text.find('[')) + "#"));
    CHECK(plain().redact(text).count == 0);
  }
}

TEST_CASE("random digests and base64 are not secrets") {
  std::mt19937_64 random(42);
  std::string hex, base64;
  for (int i = 0; i < 4000; ++i) {
    std::string bytes;
    for (int k = 0; k < 4; ++k) {
      const std::uint64_t value = random();
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    base64 += codec::to_base64(bytes) + "\n";
    for (char c : bytes) hex += "0123456789abcdef"[c & 15];
    hex += i % 3 == 0 ? "\n" : " ";
  }
  CHECK(plain().redact(hex).count == 0);
  CHECK(plain().redact(base64).count == 0);
}

TEST_CASE("redacting twice changes nothing more") {
  const Redactor redactor = knowing("hunter2-hunter2");
  const std::string text =
      "PASSWORD=hunter2-hunter2 --token abc12345 https://u:pw@h/ Authorization: Bearer abcd1234 " +
      kJwt + " password: \"x1\" Authorization: Digest abc";
  const std::string once = redactor.redact(text).text;
  CHECK(redactor.redact(once).text == once);
  CHECK(redactor.redact(once).count == 0);
}

TEST_CASE("JSON is redacted by member names, by flags and as text") {
  const Redactor redactor = knowing("hunter2-hunter2", "DB_LOGIN");
  const codec::Json document = codec::parse_json(R"({
    "password": "x", "pin_password": 1234, "token": "abcd", "tokens": 12, "secret": null,
    "secrets": ["API_TOKEN"], "nested": {"apiToken": "zzzz1", "keep": "hello"},
    "argv": ["tool", "--password", "pw", "--verbose", "x", "--token=abcdef12"],
    "env": [{"name": "API_TOKEN", "value": "v123"}, {"name": "LANG", "value": "C"}],
    "DB_LOGIN": "q", "text": "is hunter2-hunter2", "hunter2-hunter2": 1})");
  const policy::RedactedJson redacted = redactor.redact_json(document);
  const auto mark = [&](const char* value) { return redactor.mark_of(value); };
  const codec::Json& json = redacted.json;
  CHECK(json.at("password").as_string() == mark("x"));
  CHECK(json.at("pin_password").as_string() == mark("1234"));
  CHECK(json.at("token").as_string() == mark("abcd"));
  CHECK(json.at("tokens").as_integer() == 12);
  CHECK(json.at("secret").is_null());
  CHECK(json.at("secrets") == document.at("secrets"));
  CHECK(json.at("nested").at("apiToken").as_string() == mark("zzzz1"));
  CHECK(json.at("nested").at("keep").as_string() == "hello");
  CHECK(json.at("argv").as_array()[2].as_string() == mark("pw"));
  CHECK(json.at("argv").as_array()[4].as_string() == "x");
  CHECK(json.at("argv").as_array()[5].as_string() == "--token=" + mark("abcdef12"));
  CHECK(json.at("env").as_array()[0].at("value").as_string() == mark("v123"));
  CHECK(json.at("env").as_array()[1].at("value").as_string() == "C");
  CHECK(json.at("DB_LOGIN").as_string() == mark("q"));
  CHECK(json.at("text").as_string() == "is " + mark("hunter2-hunter2"));
  CHECK(json.find("hunter2-hunter2") == nullptr);
  CHECK(redacted.count == 10);
}

TEST_CASE("remotes lose their credentials and keep the rest") {
  using policy::url_without_credentials;
  CHECK(url_without_credentials("https://u:p@github.com/a/b.git") == "https://github.com/a/b.git");
  CHECK(url_without_credentials("https://tok@github.com/a/b.git?x=1#y") ==
        "https://github.com/a/b.git");
  CHECK(url_without_credentials("https://u:p@ss@host:8443/a") == "https://host:8443/a");
  CHECK(url_without_credentials("ssh://git@host:22/a") == "ssh://git@host:22/a");
  CHECK(url_without_credentials("ssh://git:pw@host/a") == "ssh://host/a");
  CHECK(url_without_credentials("git@github.com:a/b.git") == "git@github.com:a/b.git");
  CHECK(url_without_credentials("u:p@host:a/b.git") == "host:a/b.git");
  CHECK(url_without_credentials("/srv/git/a@b.git") == "/srv/git/a@b.git");
  CHECK(url_without_credentials("file:///srv/a?b") == "file:///srv/a?b");
  CHECK(url_without_credentials("") == "");
}

TEST_CASE("a stream gives what redacting the whole gives, wherever it is cut") {
  const std::string value = "known-secret-value";
  const Redactor redactor(
      {{"API_TOKEN", value}, {"MULTI", "line-number-one\nline-number-two"}, {"PERIODIC", "abab"}},
      kKey);
  std::string text;
  for (int i = 0; text.size() < 700'000; ++i) {
    text += "line " + std::to_string(i) + " of a log with nothing in it ";
    if (i % 7 == 0) text += value;
    if (i % 11 == 0) text += " password=hunter" + std::to_string(i) + " ";
    if (i % 13 == 0) text += "line-number-one\nline-number-two";
    if (i % 17 == 0) text += kJwt;
    if (i % 19 == 0) text += "ab-ababababababababab ";
    if (i % 1000 == 0)
      text +=
          "-----BEGIN "
          "PRIVATE KEY-----\n" +
          std::string(20'000, 'A') + "\n-----END PRIVATE KEY-----";
    if (i % 3001 == 0) text += " PASSWORD=" + std::string(50'000, 'p') + " ";
    if (i % 5 == 0) text += '\n';
  }
  const policy::RedactedText whole = redactor.redact(text);
  CHECK(whole.count > 1000);
  CHECK(whole.text.find(value) == std::string::npos);
  for (std::size_t piece :
       {std::size_t{997}, std::size_t{4096}, std::size_t{65536}, std::size_t{262147}, text.size()})
    CHECK(streamed(redactor, text, piece) == whole.text);
  CHECK(streamed(redactor, text.substr(0, 30'000), 1) ==
        redactor.redact(std::string_view(text).substr(0, 30'000)).text);
  CHECK(streamed(redactor, "", 1).empty());
}

TEST_CASE("hostile text does not make redaction slow or wrong") {
  const Redactor redactor(std::vector<policy::Secret>{{"A", "aaaa-aaaa"}, {"B", "aaaa-aaaa-aaaa"}},
                          kKey);
  const std::string frame =
      "-----BEGIN "
      "PRIVATE KEY-----";
  for (const std::string& unit :
       {std::string("password="), std::string("://"), std::string("eyJ"), std::string("aaaa-"),
        frame, std::string("token"), std::string("authorization:"), std::string("-----"),
        std::string("sk-"), std::string("password=\"\\"), std::string("\0\xff", 2),
        std::string("api_key ")}) {
    std::string text;
    while (text.size() < 3'000'000) text += unit;  // long enough for a square to be hours
    const std::string whole = redactor.redact(text).text;
    INFO(unit);
    CHECK(streamed(redactor, text, 8191) == whole);
  }
}

TEST_CASE("random bytes pass through a stream as through the whole", "[fuzz]") {
  std::mt19937 random(7);
  const Redactor redactor = knowing("q1w2e3r4");
  const std::vector<std::string> words{"password",
                                       "=",
                                       ":",
                                       " ",
                                       "\"",
                                       "token",
                                       "--",
                                       "q1w2e3r4",
                                       "\n",
                                       "://",
                                       "@",
                                       "eyJ",
                                       ".",
                                       "-----BEGIN ",
                                       "PRIVATE KEY-----",
                                       "Bearer ",
                                       "Authorization",
                                       "\\",
                                       "'",
                                       "x9",
                                       kAwsId};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 200; ++i)
      text += random() % 4 == 0 ? std::string(1, static_cast<char>(random()))
                                : words[random() % words.size()];
    const std::string whole = redactor.redact(text).text;
    CHECK(whole.find("q1w2e3r4") == std::string::npos);
    CHECK(streamed(redactor, text, 1 + random() % 50) == whole);
    const std::string again = redactor.redact(whole).text;
    CHECK(again.find("q1w2e3r4") == std::string::npos);
  }
}

TEST_CASE("throughput of redaction when nothing matches", "[.][benchmark]") {
  std::string text;
  for (int i = 0; text.size() < 64'000'000; ++i)
    text += "2026-08-01T12:00:00.123Z INFO step fit@gentoo-ols: reading work/" + std::to_string(i) +
            ".csv, 344 rows\n";
  const Redactor redactor = knowing("correct-horse-battery");
  const auto start = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  Redactor::Stream stream(redactor, [&](std::string_view piece) { bytes += piece.size(); });
  for (std::size_t at = 0; at < text.size(); at += 65536)
    stream.write(std::string_view(text).substr(at, 65536));
  stream.finish();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  WARN("redaction: " << static_cast<double>(bytes) / elapsed.count() / 1e6 << " MB/s");
  CHECK(bytes == text.size());
}
