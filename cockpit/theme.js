// Light or dark as the rest of Cockpit: its setting, else the system's.

const system = window.matchMedia("(prefers-color-scheme: dark)");

function apply() {
	const style = window.localStorage.getItem("shell:style") ?? "auto";
	const dark = style === "dark" || (style === "auto" && system.matches);

	// What PatternFly 6 calls it, and what Cockpit's own pages do.
	document.documentElement.classList.toggle("pf-v6-theme-dark", dark);
	document.documentElement.classList.toggle("pf-theme-dark", dark);
}

export function follow() {
	apply();
	system.addEventListener("change", apply);
	window.addEventListener("storage", apply);
	window.addEventListener("cockpit-style", apply);
}
