#include "target.hpp"

#include "optiinfra/core/identity.hpp"

namespace optiinfra::scrape {
namespace {

constexpr std::size_t kUrlBytesMax = 8'192;

std::string percent_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
                          letter == '.' || letter == '~';
    if (is_plain) {
      result += letter;
    } else {
      result += {'%', kDigits[byte >> 4], kDigits[byte & 0xF]};
    }
  }
  return result;
}

Uuid uuid_of(const char* kind, std::string_view text) {
  if (const auto id = Uuid::parse(text)) return *id;
  return identity_of(kind, text);
}

std::string query_of(const ScrapeJob& job, const EditedLabels& labels) {
  constexpr std::string_view kPrefix = "__param_";
  std::string query;
  const auto add = [&query](std::string_view name, std::string_view value) {
    query += (query.empty() ? "?" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
  };
  // A label stands for the first value of its parameter, and may have been changed or added.
  for (const exposition::MetricLabel& each : labels.labels)
    if (each.name.starts_with(kPrefix)) add(each.name.substr(kPrefix.size()), each.value);
  std::string last;
  for (const auto& [name, value] : job.parameters) {
    if (name == last) add(name, value);
    last = name;
  }
  return query;
}

Result<void> set_owner(const EditedLabels& labels, const std::string& job, exposition::TargetOwner& owner) {
  const std::string_view customer = labels.get("customer");
  if (customer.empty())
    return invalid_argument(
        "it has no label 'customer'; give one in the job's labels, in external_labels or with --customer");
  owner.customer_id = uuid_of("customer", customer);
  const std::string_view service = labels.get("service");
  owner.service_id = uuid_of("service", service.empty() ? std::string_view(job) : service);
  if (owner.customer_id.is_nil() || owner.service_id.is_nil())
    return invalid_argument("the labels 'customer' and 'service' must not be the nil UUID");
  const std::string_view instance = labels.get("instance");
  owner.is_instance_chosen = !instance.empty();
  owner.instance_id = owner.is_instance_chosen ? instance : labels.get("__address__");
  owner.instance_type = labels.get("instance_type");
  owner.model_name = labels.get("model");
  if (owner.instance_id.size() > kTextBytesMax)
    return invalid_argument("the name of its instance is too long");
  return {};
}

Result<void> set_times(const EditedLabels& labels, Target& target) {
  const auto set = [&labels](const char* label, std::chrono::milliseconds& into) -> Result<void> {
    OPTIINFRA_TRY(into, parse_scrape_duration(labels.get(label)));
    return {};
  };
  OPTIINFRA_CHECK(set("__scrape_interval__", target.interval));
  OPTIINFRA_CHECK(set("__scrape_timeout__", target.timeout));
  if (target.timeout > target.interval) return invalid_argument("its timeout is longer than its interval");
  return {};
}

std::string milliseconds_text(std::chrono::milliseconds time) { return std::to_string(time.count()) + "ms"; }

}  // namespace

std::string Target::key() const {
  return url + '\n' + job + '\n' + owner.customer_id.to_string() + owner.service_id.to_string() + '\n' +
         owner.instance_id + '\n' + owner.instance_type + '\n' + owner.model_name;
}

Result<std::optional<Target>> make_target(const ScrapeJob& job, const std::string& address,
                                          const Labels& labels, const Labels& external_labels) {
  EditedLabels edited;
  for (const char* const name : kOwnerLabels)
    if (const auto at = external_labels.find(name); at != external_labels.end()) edited.set(name, at->second);
  edited.set("__scheme__", job.scheme);
  edited.set("__metrics_path__", job.metrics_path);
  edited.set("__scrape_interval__", milliseconds_text(job.interval));
  edited.set("__scrape_timeout__", milliseconds_text(job.timeout));
  edited.set("job", job.name);
  for (const auto& [name, value] : job.parameters)
    if (edited.get("__param_" + name).empty()) edited.set("__param_" + name, value);
  for (const auto& [name, value] : labels) edited.set(name, value);
  edited.set("__address__", address);
  if (!relabel(job.relabel_rules, edited)) return std::optional<Target>{};
  Target target{.url = {}, .job = std::string(edited.get("job")), .owner = {}};
  const std::string at(edited.get("__address__"));
  if (at.empty() || at.find_first_of("/?# \n") != std::string::npos)
    return invalid_argument("its address '" + at + "' is not HOST:PORT");
  const std::string scheme(edited.get("__scheme__"));
  if (scheme != "http" && scheme != "https")
    return invalid_argument("its scheme '" + scheme + "' is not http or https");
  std::string path(edited.get("__metrics_path__"));
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  target.url = scheme + "://" + at + path + query_of(job, edited);
  if (target.url.size() > kUrlBytesMax) return invalid_argument("its URL is too long");
  OPTIINFRA_CHECK(set_times(edited, target));
  OPTIINFRA_CHECK(set_owner(edited, job.name, target.owner));
  return std::optional<Target>(std::move(target));
}

}  // namespace optiinfra::scrape
