#include "tests/national/validate.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <strings.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

using nlohmann::json;

namespace
{

constexpr size_t DEPTH_MAX = 32;
constexpr size_t ERRORS_MAX = 2000;

struct parameter {
	std::string name, where;
	bool required = false, integer = false;
	valijson::Schema schema;
};

/* Two keys of one name in an object are a defect of the sender that a parser would hide. */
struct malformed : std::runtime_error {
	using std::runtime_error::runtime_error;
};

json parse_strictly(const char *text, size_t size)
{
	std::vector<std::set<std::string>> keys;
	auto watch = [&](int depth, json::parse_event_t event, json &parsed) {
		if (depth > static_cast<int>(DEPTH_MAX))
			throw malformed("nested too deeply");
		if (event == json::parse_event_t::object_start)
			keys.emplace_back();
		else if (event == json::parse_event_t::object_end)
			keys.pop_back();
		else if (event == json::parse_event_t::key &&
			 !keys.back().insert(parsed.get<std::string>()).second)
			throw malformed("a key stands twice in one object");
		return true;
	};
	return json::parse(text, text + size, watch);
}

int hex_digit(char c)
{
	if (!std::isxdigit(static_cast<unsigned char>(c)))
		return -1;
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

std::string form_text(const std::string &raw)
{
	std::string out;
	for (size_t i = 0; i < raw.size(); i++) {
		if (raw[i] == '+') {
			out += ' ';
		} else if (raw[i] == '%') {
			int high = i + 2 < raw.size() ? hex_digit(raw[i + 1]) : -1;
			int low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : -1;
			if (high < 0 || low < 0)
				throw malformed("a percent escape is cut");
			out += static_cast<char>(high * 16 + low);
			i += 2;
		} else {
			out += raw[i];
		}
	}
	return out;
}

json parse_form(const std::string &text)
{
	json form = json::object();
	size_t start = 0;
	while (start < text.size()) {
		size_t end = std::min(text.find('&', start), text.size());
		std::string pair = text.substr(start, end - start);
		size_t equals = pair.find('=');
		if (equals == std::string::npos)
			throw malformed("a form field has no value");
		std::string name = form_text(pair.substr(0, equals));
		if (form.contains(name))
			throw malformed("a form field stands twice");
		form[name] = form_text(pair.substr(equals + 1));
		start = end + 1;
	}
	return form;
}

/* ["<root>", "[items]", "[0]"] -> "/items/0" */
std::string pointer_of(const std::vector<std::string> &context)
{
	std::string pointer;
	for (size_t i = 1; i < context.size(); i++) {
		std::string part = context[i];
		if (part.size() >= 2 && part.front() == '[' && part.back() == ']')
			part = part.substr(1, part.size() - 2);
		if (part.size() >= 2 && part.front() == '"' && part.back() == '"')
			part = part.substr(1, part.size() - 2);
		pointer += "/" + part;
	}
	return pointer;
}

bool inside_a_person(const std::string &pointer)
{
	size_t i = std::strlen("/items/");
	if (pointer.compare(0, i, "/items/") != 0)
		return false;
	while (i < pointer.size() && std::isdigit(static_cast<unsigned char>(pointer[i])))
		i++;
	return pointer.compare(i, std::strlen("/person"), "/person") == 0;
}

char *copy_text(const std::string &text)
{
	char *copy = static_cast<char *>(std::malloc(text.size() + 1));
	if (copy == nullptr)
		std::abort();
	std::memcpy(copy, text.c_str(), text.size() + 1);
	return copy;
}

std::string print(const json &value)
{
	return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

struct operation {
	std::string id, method, path, media_type;
	bool body_required = false;
	valijson::Schema body;
	std::deque<parameter> parameters; /* a schema does not move */
};

struct contract {
	json document;
	std::vector<std::unique_ptr<operation>> operations;
	std::map<std::string, std::unique_ptr<valijson::Schema>> schemas;
	std::mutex lock; /* the validator keeps compiled patterns */
	valijson::Validator validator;
};

/* A schema of its own, with the components beside it so that its references resolve. */
static void compile(const json &components, json schema, valijson::Schema &ret_schema)
{
	schema["components"] = components;
	valijson::adapters::NlohmannJsonAdapter adapter(schema);
	valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, ret_schema);
}

static const json &resolve(const json &document, const json &schema)
{
	if (!schema.contains("$ref"))
		return schema;
	std::string reference = schema["$ref"].get<std::string>();
	return document.at(json::json_pointer(reference.substr(1)));
}

static void add_parameter(contract &c, operation &op, const json &entry)
{
	op.parameters.emplace_back();
	parameter &p = op.parameters.back();
	p.name = entry.at("name").get<std::string>();
	p.where = entry.at("in").get<std::string>();
	p.required = entry.value("required", false);
	p.integer = resolve(c.document, entry.at("schema")).value("type", "") == "integer";
	compile(c.document["components"], entry.at("schema"), p.schema);
}

static void add_operation(contract &c, const std::string &path, const std::string &method,
			  const json &entry)
{
	auto op = std::make_unique<operation>();
	op->id = entry.at("operationId").get<std::string>();
	op->path = path;
	for (char letter : method)
		op->method += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
	for (const json &p : entry.value("parameters", json::array()))
		add_parameter(c, *op, p);
	if (entry.contains("requestBody")) {
		const json &content = entry["requestBody"].at("content");
		op->media_type = content.begin().key();
		op->body_required = entry["requestBody"].value("required", false);
		compile(c.document["components"], content.begin()->at("schema"), op->body);
	}
	c.operations.push_back(std::move(op));
}

static void load(contract &c, const char *path)
{
	std::ifstream stream(path);
	if (!stream)
		throw malformed("cannot be opened");
	c.document = json::parse(stream);
	for (const auto &p : c.document.at("paths").items())
		for (const auto &m : p.value().items())
			add_operation(c, p.key(), m.key(), m.value());
	for (const auto &s : c.document.at("components").at("schemas").items()) {
		auto schema = std::make_unique<valijson::Schema>();
		compile(c.document["components"], s.value(), *schema);
		c.schemas[s.key()] = std::move(schema);
	}
}

struct contract *contract_load(const char *path, char *error, size_t error_size)
{
	auto c = std::make_unique<contract>();
	try {
		load(*c, path);
		return c.release();
	} catch (const std::exception &e) {
		std::snprintf(error, error_size, "%s: %s", path, e.what());
		return nullptr;
	}
}

void contract_free(struct contract *contract)
{
	delete contract;
}

/* One {…} in a template stands for one path segment. */
static bool path_matches(const std::string &pattern, const char *path, const char **ret_value)
{
	*ret_value = nullptr;
	size_t brace = pattern.find('{');
	if (brace == std::string::npos)
		return pattern == path;
	if (std::strncmp(pattern.c_str(), path, brace) != 0)
		return false;
	*ret_value = path + brace;
	return path[brace] != '\0' && std::strchr(path + brace, '/') == nullptr;
}

/* Plain paths win over templates, as OpenAPI says: /v1/persons/batch is no person. */
const struct operation *contract_route(const struct contract *contract, const char *method,
				       const char *path, const char **ret_value,
				       int *ret_path_known)
{
	const operation *found = nullptr;
	bool plain = false;
	*ret_path_known = 0;
	*ret_value = nullptr;
	for (const auto &op : contract->operations) {
		const char *value;
		if (!path_matches(op->path, path, &value) || (plain && value != nullptr))
			continue;
		if (value == nullptr && !plain) {
			plain = true;
			found = nullptr;
		}
		*ret_path_known = 1;
		if (op->method == method) {
			found = op.get();
			*ret_value = value;
		}
	}
	return found;
}

const char *operation_id(const struct operation *operation)
{
	return operation->id.c_str();
}

static void add_error(json &errors, const std::string &pointer, const std::string &detail)
{
	if (errors.size() < ERRORS_MAX)
		errors.push_back({ { "pointer", pointer }, { "detail", detail.substr(0, 500) } });
}

/* The library reports a failure again at every level above it; only the innermost one says something. */
static bool is_echo(const std::string &description)
{
	for (const char *start :
	     { "Failed to validate against schema associated with property name",
	       "Failed to validate item #", "Failed to validate against child schema #" })
		if (description.compare(0, std::strlen(start), start) == 0)
			return true;
	return false;
}

static bool check_value(contract &c, const valijson::Schema &schema, const json &value,
			const std::string &prefix, json &errors)
{
	valijson::adapters::NlohmannJsonAdapter adapter(value);
	valijson::ValidationResults results;
	std::lock_guard<std::mutex> guard(c.lock);
	if (c.validator.validate(schema, adapter, &results))
		return true;
	for (const auto &error : results)
		if (!is_echo(error.description))
			add_error(errors, prefix + pointer_of(error.context), error.description);
	return false;
}

static json parameter_value(const parameter &p, const std::string &text)
{
	bool digits = !text.empty() && text.size() <= 18 &&
		      text.find_first_not_of("0123456789") == std::string::npos;
	if (p.integer && digits && (text == "0" || text[0] != '0'))
		return std::stoll(text);
	return text;
}

static bool same_name(const parameter &p, const char *name)
{
	return p.where == "header" ? strcasecmp(p.name.c_str(), name) == 0 : p.name == name;
}

/* All values of one parameter; more than one is an error. */
static void check_parameter(contract &c, const parameter &p, const contract_request &request,
			    json &errors)
{
	std::vector<std::string> values;
	if (p.where == "path" && request.path_value != nullptr)
		values.emplace_back(request.path_value);
	size_t count = p.where == "header" ? request.header_count : request.query_count;
	const contract_parameter *given = p.where == "header" ? request.headers : request.query;
	for (size_t i = 0; p.where != "path" && i < count; i++)
		if (same_name(p, given[i].name))
			values.emplace_back(given[i].value != nullptr ? given[i].value : "");
	if (values.empty() && p.required)
		add_error(errors, p.name, "missing");
	if (values.size() > 1)
		add_error(errors, p.name, "given more than once");
	if (values.size() == 1)
		check_value(c, p.schema, parameter_value(p, values[0]), p.name, errors);
}

static void check_parameters(contract &c, const operation &op, const contract_request &request,
			     json &errors)
{
	for (const parameter &p : op.parameters)
		check_parameter(c, p, request, errors);
	for (size_t i = 0; i < request.query_count; i++) {
		bool known = false;
		for (const parameter &p : op.parameters)
			known = known || (p.where == "query" && p.name == request.query[i].name);
		if (!known)
			add_error(errors, request.query[i].name, "unknown parameter");
	}
}

static bool media_type_is(const char *given, const std::string &wanted)
{
	if (given == nullptr || strncasecmp(given, wanted.c_str(), wanted.size()) != 0)
		return false;
	return std::strchr("; ", given[wanted.size()]) != nullptr;
}

/* Puts the parsed body into `ret_body`; false if that cannot be done. */
static bool parse_body(const operation &op, const contract_request &request, json &ret_body,
		       json &errors)
{
	try {
		if (op.media_type == "application/json")
			ret_body = parse_strictly(request.body, request.body_size);
		else
			ret_body = parse_form(std::string(request.body, request.body_size));
		return true;
	} catch (const malformed &e) {
		add_error(errors, "", e.what());
	} catch (const json::parse_error &e) {
		add_error(errors, "", "no JSON, byte " + std::to_string(e.byte));
	}
	return false;
}

static contract_verdict check(contract &c, const operation &op, const contract_request &request,
			      json &body, json &errors)
{
	check_parameters(c, op, request, errors);
	bool parameters_kept = errors.empty();
	if (!op.body_required) {
		if (request.body_size > 0)
			add_error(errors, "", "this request has no body");
		return errors.empty() ? CONTRACT_OK : CONTRACT_INVALID;
	}
	if (!media_type_is(request.media_type, op.media_type))
		return CONTRACT_MEDIA_TYPE;
	if (!parse_body(op, request, body, errors))
		return CONTRACT_MALFORMED;
	bool body_kept = check_value(c, op.body, body, "", errors);
	if (parameters_kept && body_kept)
		return CONTRACT_OK;
	for (const json &error : errors)
		if (!parameters_kept || !inside_a_person(error["pointer"].get<std::string>()))
			return CONTRACT_INVALID;
	return CONTRACT_PERSONS;
}

enum contract_verdict contract_check(struct contract *contract, const struct operation *operation,
				     const struct contract_request *request,
				     struct contract_result *ret_result)
{
	json body, errors = json::array();
	contract_verdict verdict = check(*contract, *operation, *request, body, errors);
	ret_result->body = copy_text(print(body));
	ret_result->errors = copy_text(print(errors));
	return verdict;
}

enum contract_verdict contract_check_schema(struct contract *contract, const char *name,
					    const char *text, struct contract_result *ret_result)
{
	json value, errors = json::array();
	contract_verdict verdict = CONTRACT_MALFORMED;
	try {
		value = parse_strictly(text, std::strlen(text));
		bool kept = check_value(*contract, *contract->schemas.at(name), value, "", errors);
		verdict = kept ? CONTRACT_OK : CONTRACT_INVALID;
	} catch (const std::exception &e) {
		add_error(errors, "", e.what());
	}
	ret_result->body = copy_text(print(value));
	ret_result->errors = copy_text(print(errors));
	return verdict;
}

void contract_result_finish(struct contract_result *result)
{
	std::free(result->body);
	std::free(result->errors);
	*result = {};
}
