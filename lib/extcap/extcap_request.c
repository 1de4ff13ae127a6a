#include "extcap/extcap_request.h"

#include "base/heartbeat.h"

bool
extcap_request_option(struct extcap_request *request, int letter, const char *value)
{
	switch (letter) {
	case EXTCAP_OPTION_CAPTURE: request->ask = EXTCAP_CAPTURE; break;
	case EXTCAP_OPTION_CONFIG: request->ask = EXTCAP_CONFIG; break;
	case EXTCAP_OPTION_DLTS: request->ask = EXTCAP_DLTS; break;
	case EXTCAP_OPTION_INTERFACES: request->ask = EXTCAP_INTERFACES; break;
	case EXTCAP_OPTION_INSTALL: request->ask = EXTCAP_INSTALL; break;
	case EXTCAP_OPTION_UNINSTALL: request->ask = EXTCAP_UNINSTALL; break;
	case EXTCAP_OPTION_CONTROL_IN: request->control_in = value; break;
	case EXTCAP_OPTION_CONTROL_OUT: request->control_out = value; break;
	case EXTCAP_OPTION_FIFO: request->fifo = value; break;
	case EXTCAP_OPTION_HEARTBEAT: request->heartbeat = value; break;
	case EXTCAP_OPTION_INTERFACE: request->interface = value; break;
	case EXTCAP_OPTION_PERSONAL: request->is_personal = true; break;
	case EXTCAP_OPTION_RELOAD: request->reload = value; break;
	case EXTCAP_OPTION_VERSION: break;
	default: return dialog_option(&request->dialog, letter, value);
	}
	return true;
}

int
extcap_request_complete(struct extcap_request *request, struct failure *why)
{
	/* Some versions ask for the choices of an option alone, some with --extcap-config. */
	if (request->reload)
		request->ask = EXTCAP_RELOAD;
	if (request->ask == EXTCAP_NOTHING && request->dialog.filter)
		request->ask = EXTCAP_CHECK;
	if (request->ask == EXTCAP_NOTHING)
		return failure_set(why, "nothing is asked for");
	if (request->ask >= EXTCAP_CONFIG && request->ask <= EXTCAP_CAPTURE && !request->interface)
		return failure_set(why, "needs --extcap-interface");
	if (request->ask == EXTCAP_CAPTURE && !request->fifo)
		return failure_set(why, "needs --fifo");
	if (request->heartbeat &&
	    heartbeat_parse(request->heartbeat, &request->heartbeat_ns, why) < 0)
		return -1;
	if (!request->control_in != !request->control_out)
		return failure_set(
		    why, "needs --extcap-control-in and --extcap-control-out, or neither");
	if (request->interface && choice_service(request->interface))
		request->dialog.service = choice_service(request->interface);
	return 0;
}
