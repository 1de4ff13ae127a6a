// Ways to a configuration: an example, or what a load balancer on this host is configured to do. Each
// shows what it would write before it writes it.

import * as commands from "./commands.js";
import { alert, button, byId, element, isBusy, setBusy } from "./dom.js";
import { inWords } from "./words.js";

const WAYS = [
	["init", "Start with an example", "an example, and this host's loopback traffic as the service 'self'"],
	["auto", "Import what serves here", "whatever load balancers, virtual servers and translating rules this host has"],
	["haproxy", "Import from HAProxy", "the frontends of this host's HAProxy"],
	["nginx", "Import from nginx", "the servers of this host's nginx"],
	["nft", "Import from nftables", "the addresses that this host's nftables translate"],
	["ipvs", "Import from IPVS", "the virtual services of this host's IPVS"],
	["iptables", "Import from iptables", "the addresses that this host's iptables translate, those of kube-proxy too"],
	["keepalived", "Import from keepalived", "the virtual servers of this host's keepalived"],
	["envoy", "Import from Envoy", "the listeners of this host's Envoy"],
	["k8s", "Import from Kubernetes", "the Services that kubectl lists here; the nodes become engines"],
];

let written = () => {};

const place = () => byId("setup");

function show(...content) {
	const box = byId("setup-preview");

	box.replaceChildren(...content);
	box.hidden = content.length === 0;
}

async function write(own, kind, title) {
	if (isBusy(own))
		return;
	setBusy(own, true, "Writing …");
	try {
		const { output, complaints, status } = await commands.configure(kind);

		await written();
		show(alert(status === 0 ? "success" : "warning", `${title}: written`, [output.trim(), inWords(complaints)].filter(Boolean).join("\n"), () => show()));
	} catch (error) {
		show(alert("danger", "Not written", inWords(error.message), () => show()));
	}
}

async function preview(own, kind, title) {
	if (isBusy(own))
		return;
	setBusy(own, true, title);
	try {
		const { output, complaints } = await commands.preview(kind);
		const yes = button("Write these files", { variant: "pf-m-primary", click: () => write(yes, kind, title) });

		show(element("h3", { class: "pf-v6-c-title pf-m-md", tabindex: -1 }, `${title}: what would be written`),
			complaints ? alert("warning", "Left out", inWords(complaints)) : null,
			element("pre", { class: "code", tabindex: 0, "aria-label": "Files" }, output.trim()),
			element("div", { class: "buttons" }, yes, button("Cancel", { variant: "pf-m-link", click: () => {
				show();
				own.focus();
			} })));
		byId("setup-preview").querySelector("h3").focus();
	} catch (error) {
		show(alert("danger", `${title}: nothing to write`, inWords(error.message), () => show()));
	} finally {
		setBusy(own, false, title);
	}
}

function make() {
	return WAYS.map(([kind, title, what]) => {
		const own = button(title, { variant: kind === "init" ? "pf-m-primary" : "pf-m-secondary", click: () => preview(own, kind, title) });

		return element("li", {}, own, element("span", { class: "help" }, what));
	});
}

// isEmpty: there is no service yet, so these are the only things to do.
export function offer(isEmpty) {
	byId("add").hidden = isEmpty;
	byId("setup-title").textContent = isEmpty ? "No virtual service is configured" : "Add virtual services";
	if (isEmpty)
		setOpen(true);
}

function setOpen(open) {
	place().hidden = !open;
	byId("add").setAttribute("aria-expanded", String(open));
}

// onWritten is called when services have been written, before that is said.
export function prepare({ onWritten }) {
	written = async () => {
		if (await onWritten() > 0)
			byId("new").focus();
	};
	byId("setup-ways").append(...make());
	byId("add").addEventListener("click", () => {
		setOpen(place().hidden);
		show();
	});
}
