-- Fields of packets in files and streams of vcap: where a packet was captured, by the name of its
-- interface, ENGINE/INTERFACE/SIDE, and which transaction it belongs to, by the comments of
-- `vcap-transactions --mark`.
--
-- A comment stands at the first packet of a request and of a response. A packet without one belongs to the
-- transaction whose comment was last in its conversation; packets in front of the first one, the
-- handshake, to that one. These are known only once all packets were seen: in Wireshark's window, and in
-- tshark with -2.

-- It may be installed and named on the command line, too.
local is_first, vcap = pcall(Proto, "vcap", "vcap")

if not is_first then
	return
end

local engine = ProtoField.string("vcap.engine", "Engine")
local interface = ProtoField.string("vcap.interface", "Interface")
local side = ProtoField.string("vcap.side", "Side")
local transaction = ProtoField.uint32("vcap.transaction", "Transaction")
vcap.fields = { engine, interface, side, transaction }

local interface_name = Field.new("frame.interface_name")
local comments = Field.new("frame.comment")
local streams = { tcp = Field.new("tcp.stream"), udp = Field.new("udp.stream") }

local sides = { client = true, server = true, monitor = true, other = true }
local marks -- by conversation: lists of { frame, id } in the order of frames

function vcap.init()
	marks = {}
end

-- The number in a comment of vcap-transactions; a text that only resembles one has none.
local function id_in(comment)
	local digits = comment:match("^vcap: transaction (%d+)$")
	local id = digits and #digits <= 10 and tonumber(digits)

	return id and id <= 4294967295 and id or nil
end

local function mark_of_packet()
	for _, comment in ipairs({ comments() }) do
		local id = id_in(tostring(comment.value))

		if id then
			return id
		end
	end
end

-- The last mark at or in front of a frame; in front of the first one: that one.
local function find_mark(list, frame)
	local low, high = 1, #list

	while low < high do
		local middle = math.ceil((low + high) / 2)

		if list[middle].frame <= frame then
			low = middle
		else
			high = middle - 1
		end
	end
	return list[low].id
end

local function transaction_of(pinfo)
	local id = mark_of_packet()
	local conversation

	for protocol, stream in pairs(streams) do
		local number = stream()

		conversation = number and protocol .. tostring(number.value) or conversation
	end
	if not conversation then
		return id
	end
	if id and not pinfo.visited then
		marks[conversation] = marks[conversation] or {}
		table.insert(marks[conversation], { frame = pinfo.number, id = id })
	end
	return id or marks[conversation] and find_mark(marks[conversation], pinfo.number)
end

function vcap.dissector(buffer, pinfo, tree)
	local name = interface_name()
	local where, rest = tostring(name and name.value or ""):match("^([%w._-]+)/(.+)$")
	local id = transaction_of(pinfo)
	local branch

	if not where and not id then
		return
	end
	branch = tree:add(vcap)
	branch:set_generated()
	if where then
		local device, last = rest:match("^(.+)/(%a+)$")

		if not sides[last] then
			device, last = rest, nil
		end
		branch:add(engine, where):set_generated()
		branch:add(interface, device):set_generated()
		if last then
			branch:add(side, last):set_generated()
		end
	end
	if id then
		branch:add(transaction, id):set_generated()
	end
end

register_postdissector(vcap)
